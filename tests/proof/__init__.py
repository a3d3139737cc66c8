"""Proofs hold on every finding that can be drawn, and what they show is so."""
