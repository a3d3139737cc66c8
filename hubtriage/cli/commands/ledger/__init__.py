"""Commands for the ledger of a deployed stack."""
