"""Ready-made datasets, metrics, charts and dashboards for BI tools, all derived from the KPI entries."""
