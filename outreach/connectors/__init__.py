"""From the systems that people have to the landing zone. A source is a mapping in SQL, in a folder of its own."""
