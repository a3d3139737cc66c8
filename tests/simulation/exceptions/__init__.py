"""The register of exceptions balances with the findings, and says what git says."""
