"""The triage function: from the events that Lambda is handed to how each finding ended."""
