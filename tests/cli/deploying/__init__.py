"""Tests of the steps of `hubtriage deploy`."""
