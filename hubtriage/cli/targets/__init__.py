"""Targets of `hubtriage.toml` for commands: choosing one, going where it is, going through all of them."""
