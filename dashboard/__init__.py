"""The Reporting page: Streamlit over the published file."""
