"""Warnings about exceptions that no one answers for, or that never end."""
