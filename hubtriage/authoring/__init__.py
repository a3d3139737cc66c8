"""Rule files: read, checked, tested and compiled to the rule set that is deployed."""
