"""What terminals talk to: /api/v2/simple/, with the names and shapes that they know."""
