"""The shape of rule files: keys, types, limits, and what is said of what does not fit."""
