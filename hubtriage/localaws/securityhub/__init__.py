"""Security Hub in memory, and its HTTP."""
