"""What commands read: findings, rules, live data."""
