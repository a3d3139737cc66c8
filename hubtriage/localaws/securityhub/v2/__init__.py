"""Security Hub V2 in memory: findings in OCSF, what its operations do with them, and what it refuses."""
