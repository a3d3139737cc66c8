"""The house policy: how it is read, what it requires, and that slips in rules are caught with a witness."""
