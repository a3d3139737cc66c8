"""Triage: from the queue to Security Hub."""
