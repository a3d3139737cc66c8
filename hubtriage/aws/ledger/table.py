"""What the stack has to know of the ledger's table: the stack makes it, and the doctor looks at it."""

KEY = "k"
"""The partition key. Its name counts against the size of every entry, so it is short."""
KEY_TYPE = "S"
NO_ENTRY_BEGINS = "hubtriage/"
"""What the keys of items begin with that are not entries: no hash of a finding's name has a slash."""
TABLE_VARIABLE = "HUBTRIAGE_LEDGER_TABLE"
"""The variable that names the table."""
LEASE_VARIABLE = "HUBTRIAGE_LEASE_SECONDS"
"""The variable that says for how long an intent belongs to the function that recorded it."""


TRIAGE_ACTIONS = ("dynamodb:BatchGetItem", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate")
"""What triage needs: read the entries of a batch, begin new ones, change known ones."""
SWEEP_ACTIONS = (
    "dynamodb:BatchGetItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLUpdate",
    "dynamodb:Scan",
)
"""What the sweep needs: read entries by key or page, mark and end those whose finding is gone."""


def table_name(stack: str) -> str:
    """Return the name of the table that a stack makes. AWS: 255 characters; the name of a stack has 63."""
    return f"{stack}-ledger"
