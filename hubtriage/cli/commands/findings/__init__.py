"""Commands that say what rules do to findings."""
