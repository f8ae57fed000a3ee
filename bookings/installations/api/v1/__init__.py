"""/api/v1/: orders and their installation, for other systems. Presentation only."""
