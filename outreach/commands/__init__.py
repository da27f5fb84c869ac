"""What `make` starts, a module per target."""
