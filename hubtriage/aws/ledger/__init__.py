"""The ledger: what triage did to each finding, in a table beside Security Hub."""
