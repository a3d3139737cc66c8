"""The functions that get deployed, a folder each."""
