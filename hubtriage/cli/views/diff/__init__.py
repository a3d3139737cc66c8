"""Diffs of rules: what they change on findings, and what is proved."""
