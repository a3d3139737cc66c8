"""The steps of a batch: recall, look, decide, send."""
