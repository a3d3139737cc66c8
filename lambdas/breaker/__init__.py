"""The breaker: switches triage to `observe` when it changes too much at once."""
