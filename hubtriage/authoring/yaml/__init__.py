"""Rule files as trees in which every key and value knows its place in the file (PyYAML is `yaml` itself)."""
