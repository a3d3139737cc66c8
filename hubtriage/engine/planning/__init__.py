"""Plan one finding: from its present state and the rules to at most one update."""
