"""Texts: wildcards, addresses and timestamps that conditions compare, and suggestions for misspelt words."""
