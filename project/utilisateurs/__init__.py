"""Users, groups, log in and language."""
