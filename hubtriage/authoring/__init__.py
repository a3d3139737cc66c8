"""From rule files to the rule set that is deployed: read, check, compile."""
