"""Tests of what may be deployed over what."""
