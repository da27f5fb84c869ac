"""The KPIs: their entries as objects, their units, and the files generated from them."""
