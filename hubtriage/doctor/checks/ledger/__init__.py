"""Checks of the ledger: its table, its entries, and what they keep hidden."""
