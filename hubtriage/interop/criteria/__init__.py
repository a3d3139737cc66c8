"""Filters of AWS as data, between other tools' rules and ours."""
