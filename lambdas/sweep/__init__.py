"""The sweep: one step of it, and its start after a deployment."""
