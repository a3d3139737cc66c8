"""The order of the tests when several processes share them."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start every process with tests that talk to the local AWS: they take longest, and would be waited for.

    A process begins with a run of neighbouring tests and gives of its end to those that have none left.
    """
    long = [item for item in items if item.get_closest_marker("e2e")]
    short = [item for item in items if not item.get_closest_marker("e2e")]
    files = list(dict.fromkeys(item.path for item in long))
    one, other = ([item for item in long if item.path in part] for part in (files[::2], files[1::2]))
    half = max(0, len(items) // 2 - len(one))
    items[:] = [*one, *short[:half], *other, *short[half:]]
