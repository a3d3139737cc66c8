"""Warnings about rules that stand in each other's way."""
