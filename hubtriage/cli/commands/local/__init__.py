"""Commands for the local AWS."""
