"""Rules of other tools, turned into rules of ours: the same decisions, or a refusal that says why not."""
