"""What shows what a page says, as proofs.yaml has it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.paths import ROOT

PROOFS = Path(__file__).with_name("proofs.yaml")


@dataclass(frozen=True, slots=True)
class Proof:
    """The tests that show a claim of a section."""

    section: str
    claim: str
    tests: tuple[str, ...]


@cache
def proofs(page: str) -> tuple[Proof, ...]:
    """Return what the file has on docs/PAGE.md, in its order."""
    sections: Mapping[str, list[Mapping[str, Any]]] = _content()[page]
    return tuple(
        Proof(section, each["claim"], tuple(each["tests"]))
        for section, claims in sections.items()
        for each in claims
    )


def pages() -> list[str]:
    """Return the names of the pages that the file is about."""
    return list(_content())


def named_on(page: str) -> set[str]:
    """Return all tests that show something of docs/PAGE.md."""
    return {test for proof in proofs(page) for test in proof.tests}


def sections(page: str) -> Iterator[tuple[str, str]]:
    """Yield heading and text of each section of docs/PAGE.md; what stands above the first heading is none."""
    _title, *found = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8").split("\n## ")
    for section in found:
        heading, _, text = section.partition("\n")
        yield heading, text


@cache
def _content() -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.safe_load(PROOFS.read_text(encoding="utf-8"))
    return content
