"""Reports in S3, for people without access to the account of the hub."""
