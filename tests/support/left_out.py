"""The ids of the tests that exist, though this run leaves them out."""

import pytest

LEFT_OUT = pytest.StashKey[frozenset[str]]()
