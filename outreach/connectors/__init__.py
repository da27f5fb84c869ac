"""From providers' systems to the landing zone. Each source is a mapping in SQL, in its own folder."""
