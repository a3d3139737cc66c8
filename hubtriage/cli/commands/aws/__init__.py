"""Commands for the deployed stack."""
