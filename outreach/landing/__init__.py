"""The landing zone: its files, and what is written to it."""
