"""The house policy: what no rule of a folder may do, from any author."""
