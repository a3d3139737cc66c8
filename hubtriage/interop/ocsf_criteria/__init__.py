"""Filters of Security Hub V2 as data: the step between its automation rules and ours."""
