"""Checks of the rules in force."""
