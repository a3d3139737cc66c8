"""Turn rules of other tools into rules of ours: the same decisions, or a refusal that says why not."""
