"""The shape of rule files: keys, types, limits, and the problems of what does not fit."""
