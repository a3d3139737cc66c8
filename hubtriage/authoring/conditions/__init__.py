"""A rule's `match` and `when`: read, with lists put in, and compiled once."""
