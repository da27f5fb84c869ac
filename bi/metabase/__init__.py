"""Metabase: the Reporting page's two views as questions and a dashboard, written into a Metabase that is there."""
