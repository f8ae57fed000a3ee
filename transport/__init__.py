"""Container contracts, missions, deposits and payments. The wing opens with its first model."""
