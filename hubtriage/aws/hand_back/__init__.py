"""The function to which people hand findings back, and how it knows who they are."""
