"""Jira and ServiceNow as ticket services."""
