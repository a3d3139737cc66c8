"""What the stack has to know of the ledger's table: the stack makes it, and the doctor looks at it."""

KEY = "k"
"""The partition key. Its name counts against the size of every entry, so it is short."""
KEY_TYPE = "S"
