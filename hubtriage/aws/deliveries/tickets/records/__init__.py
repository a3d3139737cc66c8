"""What is remembered of tickets and their findings: the table, and its twin in memory."""
