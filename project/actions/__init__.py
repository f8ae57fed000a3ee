"""An action declared once, and the one way it runs: desk, admin, API, preview and undo."""
