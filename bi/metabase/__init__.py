"""Metabase: the Reporting page's two views as questions and a dashboard, written into an existing Metabase."""
