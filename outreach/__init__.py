"""The library: everything the project does in Python below Dagster and the page."""
