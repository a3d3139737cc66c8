"""Warnings about conditions that do not ask what they seem to ask."""
