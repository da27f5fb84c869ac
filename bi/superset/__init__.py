"""Apache Superset: an importable bundle of the Reporting page's two views, and a server of one's own that shows it."""
