"""Findings and requests as the service sees them: what it accepts, who may change what, how it filters."""
