"""The local AWS, started once for all tests that need one."""

from collections.abc import Iterator

import pytest

from hubtriage.localaws.cloud import LocalCloud


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: LocalCloud) -> LocalCloud:
    """The local AWS with an empty hub and its first settings."""
    running_cloud.control.configure(quotas=True, udf="replace", value_errors="finding", conflict_window=0.0)
    running_cloud.control.reset()
    return running_cloud
