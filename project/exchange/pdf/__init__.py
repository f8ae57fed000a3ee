"""PDF out of a template: see `document.render`, and docs/architecture.md for how a wing uses it."""
