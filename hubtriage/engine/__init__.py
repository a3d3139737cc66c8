"""The pure core: rules and a finding in, a decision out. No clock, file, network or log."""
