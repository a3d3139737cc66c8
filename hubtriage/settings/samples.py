"""Know the sample rules of hubtriage again: by digests that are shipped, and not by a folder.

In a fork, the folder of the sample rules holds the rules of its owner. `make samples` writes the digests.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from json import dumps, loads
from pathlib import Path
from typing import Any, Final

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.localaws.sample_rules import SAMPLE_RULES

FILE: Final = Path(__file__).with_name("samples.json")


def are_samples(document: Mapping[str, Any]) -> bool:
    """Say whether all rules of a rule set are sample rules of this version of hubtriage, unchanged.

    Rules whose lists or accounts are others are no samples, although they read the same.
    """
    given, samples = digests_of(document), _samples()
    return (
        bool(given["rules"])
        and given["rules"].items() <= samples["rules"].items()
        and given["lists"].items() <= samples["lists"].items()
        and given["accounts"] == samples["accounts"]
    )


def digests_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return digests of the rules and lists of a rule set by name, and of its accounts."""
    return {
        "rules": {rule["id"]: _digest(rule) for rule in document["rules"]},
        "lists": {name: _digest(values) for name, values in document.get("lists", {}).items()},
        "accounts": _digest(document.get("accounts", {})),
    }


def _digest(value: Any) -> str:
    return sha256(dumps(value, sort_keys=True).encode()).hexdigest()[:16]


@cache
def _samples() -> Mapping[str, Any]:
    samples: Mapping[str, Any] = loads(FILE.read_text(encoding="utf-8"))
    return samples


def text() -> str:
    """Return what the file is to hold."""
    return dumps(digests_of(compile_ruleset(SAMPLE_RULES, revision=None)), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
