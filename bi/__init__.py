"""What BI tools get ready-made: datasets, metrics, charts and dashboards, all of them from the KPI entries."""
