"""Security Hub behind rate budgets, retries and deadlines."""
