"""Which rules can match a finding, without evaluating the others."""
