"""The library: what the project does in Python, whoever calls it."""
