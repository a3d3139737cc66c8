"""The mode switch: whether triage writes, and what changes it."""
