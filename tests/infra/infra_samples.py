"""A rule set small enough to read, in the compiled form."""

RULE = {"id": "sample", "match": {"Sample": [True]}, "update": {"Workflow": {"Status": "SUPPRESSED"}}}
RULESET = {"format": 1, "hash": "0123456789abcdef", "revision": None, "rules": [RULE]}
