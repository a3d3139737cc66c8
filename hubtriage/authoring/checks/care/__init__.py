"""Warnings about exceptions that nobody answers for, or that never end."""
