"""AWS's filters of findings, as data: read, written, and turned into `match` and `when` and back."""
