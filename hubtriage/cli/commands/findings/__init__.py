"""Commands that show what rules do to findings."""
