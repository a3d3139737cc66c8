"""Findings of Security Hub V2: shown to rules as findings in ASFF, and updates written as V2 takes them."""
