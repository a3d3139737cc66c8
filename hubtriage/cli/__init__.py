"""The command line: commands, what they read (`inputs`) and what they print (`views`)."""
