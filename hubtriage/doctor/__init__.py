"""What `hubtriage doctor` looks at in an account: one file for each check."""
