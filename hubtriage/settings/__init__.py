"""What can be set: names, types, limits, and which settings do not fit each other."""
