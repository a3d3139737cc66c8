"""The compiled rule set, and what the `update` of each rule asks of one finding."""
