"""What the stack writes into the environments of its functions about decision events."""

BUS_VARIABLE = "HUBTRIAGE_EVENT_BUS"
"""The variable that has the name of the bus; without it there are no decision events."""
