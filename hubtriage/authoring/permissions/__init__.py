"""What the deployed function may do in Security Hub, and which fields it may never set."""
