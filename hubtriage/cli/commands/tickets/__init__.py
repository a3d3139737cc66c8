"""Commands for the tickets of a deployed stack."""
