"""hubtriage: triage decisions for AWS Security Hub findings, as rules in git."""
