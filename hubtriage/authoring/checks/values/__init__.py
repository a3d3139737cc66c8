"""Warnings about single fields and values."""
