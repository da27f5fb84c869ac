"""Apache Superset: an importable bundle of the Reporting page's two views, and a local server that shows it."""
