"""Forms of the parts of an entry as JSON, and how strictly they are read."""
