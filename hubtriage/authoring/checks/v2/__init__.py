"""What a rule does on Security Hub V2, where it can see and set less."""
