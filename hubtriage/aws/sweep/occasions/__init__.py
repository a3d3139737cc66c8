"""Why a sweep starts: the rule set changed, or the time of a rule began or ended; and what holds it up."""
