"""Rules of other tools: import them, export ours to them, find where both set the same field."""
