"""Turn rules into rules of other tools: the same decisions, or a refusal that says why not."""
