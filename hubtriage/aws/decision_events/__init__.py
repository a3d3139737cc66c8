"""Decisions as events: how they are made, and the bus that other systems read them from."""
