"""What is deployed, and which deployment may not take its place."""
