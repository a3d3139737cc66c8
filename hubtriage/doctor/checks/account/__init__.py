"""Checks of the account and its Security Hub."""
