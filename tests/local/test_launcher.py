"""What the launcher decides by itself; the process it starts is tested from the outside in e2e."""

import pytest

from hubtriage.local import launcher


def test_the_installed_ministack_is_the_known_one() -> None:
    launcher.check_ministack()


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "MINISTACK", "0.0.1")
    with pytest.raises(launcher.MinistackChangedError, match=r"ministack 0\.0\.1 is needed"):
        launcher.check_ministack()


def test_an_internal_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(launcher._INTERNALS, "ministack.core.router", ("SERVICE_PATTERNS", "gone"))
    with pytest.raises(launcher.MinistackChangedError, match=r"ministack\.core\.router has no gone"):
        launcher.check_ministack()


_MB = 1024 * 1024


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        pytest.param([], 0, id="nothing waits"),
        pytest.param([1000] * 500, 500, id="small messages all fit"),
        pytest.param([3 * _MB, 3 * _MB, 1], 2, id="what would pass 6 MB waits"),
        pytest.param([7 * _MB, 1], 1, id="one message always goes"),
    ],
)
def test_a_batch_ends_at_6_mb(sizes: list[int], count: int) -> None:
    assert launcher._fitting(sizes) == count
