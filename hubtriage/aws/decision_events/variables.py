"""What stack and functions agree on about decision events: names."""

BUS_VARIABLE = "HUBTRIAGE_EVENT_BUS"
"""The environment variable that has the name of the bus; without it there are no decision events."""


def bus_name(stack: str) -> str:
    """Return the name of the bus of a stack. AWS: a name is unique in an account and Region."""
    return f"{stack}-decisions"
