"""Decisions that leave the system: what the functions of channels and queues share."""
