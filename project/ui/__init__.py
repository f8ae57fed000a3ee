"""Lists, filters, pages by key, htmx and what every page shares. Knows no model but the user's."""
