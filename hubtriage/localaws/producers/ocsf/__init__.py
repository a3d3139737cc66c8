"""Findings in OCSF, as Security Hub V2 has them: twins of findings in ASFF, and what only V2 has."""
