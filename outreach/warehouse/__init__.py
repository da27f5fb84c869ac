"""The warehouse file: what is written to it, read from it, and published of it."""
