"""ASFF timestamps, also as providers misspell them."""

import random

import pytest

from hubtriage.engine.text.timestamps import parse_timestamp

NEW_YEAR = 1_767_225_600.0  # 2026-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("2026-01-01T00:00:00Z", NEW_YEAR, id="no fraction"),
        pytest.param("2026-01-01T00:00:00.5Z", NEW_YEAR + 0.5, id="one digit"),
        pytest.param(
            "2026-01-01T00:00:00.123456789Z", NEW_YEAR + 0.123, id="nanoseconds are cut to milliseconds"
        ),
        pytest.param("2026-01-01T00:00:00.000000005Z", NEW_YEAR, id="leading zeros of a fraction count"),
        pytest.param("2026-01-01T02:00:00+02:00", NEW_YEAR, id="offset with colon"),
        pytest.param("2025-12-31T18:30:00.250-0530", NEW_YEAR + 0.25, id="offset without colon"),
        pytest.param("2026-01-01T18:00:00+18:00", NEW_YEAR, id="the largest offset"),
        pytest.param("2026-01-01 00:00:00.000000000", NEW_YEAR, id="a space and no zone: read as UTC"),
        pytest.param("2026-01-01 00:00:00+00:00", NEW_YEAR, id="a space and an offset"),
        pytest.param("2026-01-01T00:00Z", NEW_YEAR, id="no seconds"),
        pytest.param("2026-01-01", NEW_YEAR, id="a date is its first moment"),
        pytest.param("1969-12-31T23:59:59.250Z", -0.75, id="before 1970"),
        pytest.param("2024-02-29T00:00:00Z", 1_709_164_800.0, id="a leap day"),
    ],
)
def test_usable_timestamps(text, seconds):
    assert parse_timestamp(text) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="null"),
        pytest.param(1_767_225_600, id="a number"),
        pytest.param("", id="nothing"),
        pytest.param("today", id="a word"),
        pytest.param("2025-02-29T00:00:00Z", id="a day that never was"),
        pytest.param("2026-13-01", id="a thirteenth month"),
        pytest.param("2026-01-01T24:00:00Z", id="an hour too many"),
        pytest.param("1977-06-02T122:29:47.694473+00:00", id="a three-digit hour"),
        pytest.param("2026-01-01T00:00:00+18:01", id="an offset beyond 18 hours"),
        pytest.param("2026-01-01T00:00:00+01:60", id="an offset with 60 minutes"),
        pytest.param("2026-01-01T00:00:00.1234567890Z", id="ten digits"),
        pytest.param("2026-01-01T00:00:00Z ", id="trailing text"),
        pytest.param("2026-01-01\n", id="a trailing line end"),
        pytest.param("２０２６-01-01", id="digits that are not ASCII"),
        pytest.param("2026-01-01T00:00:00." + "1" * 100_000, id="a huge text"),
    ],
)
def test_unusable_timestamps_are_none(value):
    assert parse_timestamp(value) is None


def test_usual_and_odd_forms_are_read_alike():
    """The fast way to read a timestamp of the usual form accepts exactly what the slow one does."""
    draw = random.Random(3)
    for _ in range(20_000):
        text = list(draw.choice(["2026-01-31T08:15:00.123Z", "2024-02-29T23:59:59Z"]))
        for _ in range(draw.randrange(4)):
            text[draw.randrange(len(text))] = draw.choice("0123456789-T:.ZW, +\u0663")
        usual = "".join(text)
        spelled_otherwise = usual[:-1] + "+00:00" if usual.endswith("Z") else usual
        assert parse_timestamp(usual) == parse_timestamp(spelled_otherwise), usual
