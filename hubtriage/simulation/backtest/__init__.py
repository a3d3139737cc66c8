"""What rules would change on any number of findings."""
