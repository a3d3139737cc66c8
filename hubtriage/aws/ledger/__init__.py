"""The ledger: what triage did to each finding, in a table outside Security Hub."""
