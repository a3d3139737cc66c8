"""Warnings of `hubtriage lint`: one module for each check, sorted by what it looks at."""
