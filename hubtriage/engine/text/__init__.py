"""Texts that conditions compare: wildcards, addresses, timestamps."""
