"""Trying rules out on many findings: what would change, by rule, account, severity and product."""
