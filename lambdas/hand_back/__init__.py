"""The function to which people hand findings back."""
