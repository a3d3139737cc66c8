"""Tickets of groups of findings: one ticket for each group, kept as its findings want it."""
