"""The breaker: stops triage from hiding when it hides too much at once."""
