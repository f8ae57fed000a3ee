"""The ground floor: what every wing stands on. It knows no wing; see docs/architecture.md."""
