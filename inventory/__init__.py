"""Shops, their stock and its ledger. The wing opens with its first model."""
