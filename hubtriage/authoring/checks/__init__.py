"""Warnings of `hubtriage lint`: one module a check."""
