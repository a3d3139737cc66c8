"""Entries of the ledger out of a table and into one: export, import, and rebuilding from the decision log."""
