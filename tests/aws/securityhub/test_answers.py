"""Answers of GetFindings that are too large, or that cannot be parsed."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.aws.securityhub import answers, reading
from hubtriage.aws.securityhub.answers import LARGEST_ANSWER, parse_findings, token_of
from hubtriage.aws.securityhub.faults import CallFault
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Fresh, Getter, Reader
from tests.support.triage_world import FOREVER, MACIE, TriageWorld, backoff, key

DEEP = "[" * 100_000 + "]" * 100_000


class Pages:
    """A hub of texts of findings in one order; a token says where a page begins."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.asked: list[int] = []

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        raise AssertionError(request)

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        self.asked.append(request["MaxResults"])
        start = int(request.get("NextToken", 0))
        end = start + request["MaxResults"]
        token = f', "NextToken": "{end}"' if end < len(self.texts) else ""
        body = f'{{"Findings": [{",".join(self.texts[start:end])}]{token}}}'.encode()
        customized: dict[str, Any] = {}
        parse_findings({"body": body, "status_code": 200}, customized)
        return customized


def text(number: int, size: int = 10, nested: str = "0") -> str:
    return json.dumps({"Id": f"finding-{number}", "ProductArn": MACIE, "Title": "x" * size})[:-1] + (
        f', "Nested": {nested}}}'
    )


def getter(api: Any) -> Getter:
    clock = TriageWorld().clock
    return Getter(api, TokenBucket(1e6, 1e6, clock), backoff(), clock.monotonic)


def walked(api: Pages) -> list[Mapping[str, Any]]:
    """All pages."""
    pages, request = [], dict[str, Any](MaxResults=100)
    get = getter(api)
    while True:
        answer = get.get(request, FOREVER, Fresh())
        assert not isinstance(answer, CallFault)
        pages.append(answer)
        if not answer.get("NextToken"):
            return pages
        request["NextToken"] = answer["NextToken"]


def ids(pages: list[Mapping[str, Any]]) -> list[str]:
    return [found["Id"] for page in pages for found in page["Findings"]]


def test_no_answer_is_parsed_that_is_too_large_and_no_finding_is_left_out() -> None:
    api = Pages(*(text(n, 240_000 if 100 <= n < 300 else 4_000) for n in range(400)))
    pages = walked(api)
    assert ids(pages) == [f"finding-{n}" for n in range(400)]
    assert all(page[answers.BODY_BYTES] <= LARGEST_ANSWER for page in pages)
    assert len(api.asked) <= 2 + 200 // 18 + 2 + 5, "nearly as few calls as fit"
    assert api.asked[-1] > 36, "it grows again"


def test_a_finding_that_alone_is_too_large_is_parsed_alone() -> None:
    api = Pages(text(0), text(1, LARGEST_ANSWER + 1), text(2))
    assert ids(walked(api)) == ["finding-0", "finding-1", "finding-2"]


def test_a_finding_that_cannot_be_parsed_is_left_out_alone_with_a_reason() -> None:
    api = Pages(*(text(n, nested=DEEP if n == 70 else "0") for n in range(150)))
    pages = walked(api)
    assert ids(pages) == [f"finding-{n}" for n in range(150) if n != 70]
    assert [page[reading.SKIPPED] for page in pages if reading.SKIPPED in page] == [
        "it is nested too deep, or has too long a number, to be parsed"
    ]


def test_a_finding_that_cannot_be_parsed_is_not_taken_for_one_that_is_gone() -> None:
    clock = TriageWorld().clock
    api = Pages(text(0), text(1, nested=DEEP), text(2))
    fresh = Reader(api, TokenBucket(1e6, 1e6, clock), backoff(), clock.monotonic).read(
        [key(0), key(1), key(2)], FOREVER
    )
    assert (set(fresh.found), fresh.missing) == ({key(0), key(2)}, set())
    assert fresh.unread[key(1)].code == "Unparsable"


def test_what_is_too_much_for_one_batch_is_read_when_it_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES_HELD", 1_000)
    world = TriageWorld(60)
    clock = world.clock
    reader = Reader(world.api, TokenBucket(1e6, 1e6, clock), backoff(), clock.monotonic)
    fresh = reader.read([key(n) for n in range(60)], FOREVER)
    assert (len(fresh.found), len(fresh.unread), fresh.missing) == (20, 40, set())
    assert {fault.code for fault in fresh.unread.values()} == {"TooMuch"}


@pytest.mark.parametrize("size", [5000, 100_000])
def test_a_number_of_too_many_digits_does_not_hold_back_the_others(size: int) -> None:
    clock = TriageWorld().clock
    api = Pages(*(text(n, nested="1" * size if n == 1 else "0") for n in range(20)))
    reader = Reader(api, TokenBucket(1e6, 1e6, clock), backoff(), clock.monotonic)
    fresh = reader.read([key(n) for n in range(20)], FOREVER)
    assert (set(fresh.found), fresh.missing) == ({key(n) for n in range(20) if n != 1}, set())
    assert fresh.unread[key(1)].code == "Unparsable"


@pytest.mark.parametrize(
    ("body", "token"),
    [
        pytest.param(b'{"Findings": [], "NextToken": "a\\"b"}', 'a"b', id="at the end"),
        pytest.param(b' {"NextToken": "a", "Findings": [{"x": []}]}', "a", id="at the beginning"),
        pytest.param(b'{"Findings": [{"x": [], "NextToken": "forged"}]}', None, id="inside a finding"),
        pytest.param(b'{"Findings": []}', None, id="none"),
    ],
)
def test_the_token_of_an_answer_that_is_not_parsed(body: bytes, token: str | None) -> None:
    assert token_of(body) == token
