"""Checks of the deployed stack at work."""
