"""What is measured, beside peers and floors: `make bench` runs it."""
