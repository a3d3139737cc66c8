"""A still Security Hub V2 behind HTTP."""

from collections.abc import Iterator

import pytest

from tests.support.hub_v2_world import HubV2World, hub_v2_world


@pytest.fixture
def world() -> Iterator[HubV2World]:
    """A still hub, as the settings have it by default."""
    with hub_v2_world() as made:
        yield made
