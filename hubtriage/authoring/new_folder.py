"""Create a folder for rules: a first rule, checks for pull requests, findings to try it on."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from hubtriage.asff.samples import SAMPLES, complete, sample
from hubtriage.authoring.editor.accounts_schema import accounts_schema
from hubtriage.authoring.editor.json_schema import rules_schema

_MORE: tuple[Mapping[str, Any], ...] = (
    {
        "AwsAccountId": "111122223333",
        "Compliance": {"SecurityControlId": "S3.9"},
        "Severity": {"Label": "MEDIUM"},
    },
    {"ProductName": "GuardDuty", "Sample": True, "Id": "an example that GuardDuty made on request"},
)


@dataclass(frozen=True, slots=True)
class NewFolder:
    """The files that were written, and those that existed and were left unchanged."""

    written: tuple[Path, ...]
    left: tuple[Path, ...]


def contents(version: str) -> dict[str, str]:
    """Return the files by their path in the folder; `version` is the hubtriage that their checks install."""
    template = resources.files(__package__) / "template"
    files = {name: text.replace("VERSION", version) for name, text in _texts(template, "")}
    schemas = {"rules": rules_schema(), "accounts": accounts_schema()}
    findings = json.dumps(
        [*map(sample, SAMPLES), *(complete(one) for one in _MORE)], indent=2, ensure_ascii=False
    )
    written = {f"schema/{name}.schema.json": _compact(schema) for name, schema in schemas.items()}
    return {**files, "findings/examples.json": findings + "\n", **written}


def _compact(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False) + "\n"


def _texts(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _texts(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")


def write(folder: Path, version: str) -> NewFolder:
    """Write the files that do not exist yet; no rules if the folder has some, since ours would interfere."""
    has_rules = any(path.suffix in (".yaml", ".yml") for path in (folder / "rules").rglob("*"))
    files = contents(version)
    ours = {name: text for name, text in files.items() if not (has_rules and name.startswith("rules/"))}
    written = {folder / name: text for name, text in ours.items() if not (folder / name).exists()}
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return NewFolder(tuple(written), tuple(folder / name for name in files if (folder / name) not in written))
