"""One file for each check of an account."""
