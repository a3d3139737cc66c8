"""What stack and functions agree on about decision events: names."""

BUS_VARIABLE = "HUBTRIAGE_EVENT_BUS"
"""The environment variable that has the name of the bus; without it there are no decision events."""
NOT_PUT_METRIC = "EventsNotPut"
"""Events that a function could not put on the bus; those of findings come again with their messages."""


_ENDING = "-decisions"


def bus_name(stack: str) -> str:
    """Return the name of the bus of a stack. AWS: a name is unique in an account and Region."""
    return stack + _ENDING


def stack_of(bus: str) -> str:
    """Return the name of the stack of a bus. CloudFormation may call it otherwise, as StackSets do."""
    return bus.removesuffix(_ENDING)
