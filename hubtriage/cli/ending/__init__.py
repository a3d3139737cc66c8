"""How commands end that are stopped, or cannot do their work."""
