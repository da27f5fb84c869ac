"""The commands behind `make`, one module per target."""
