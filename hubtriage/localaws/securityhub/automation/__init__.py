"""Security Hub's own automation: rules, kept, run and called for, and Custom Actions."""
