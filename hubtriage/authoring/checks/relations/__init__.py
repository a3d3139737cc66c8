"""Warnings about rules that get in each other's way."""
