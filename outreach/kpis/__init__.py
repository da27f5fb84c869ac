"""The KPIs: their entries as objects, how their units are written, and what is generated from them."""
