"""Whether a deployment may replace whatever is deployed: said to CDK on its command line, nowhere else."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hubtriage.settings.configuration import NOT_FOR_GOOD, PREFIX, REPLACE
from hubtriage.settings.errors import ConfigurationError

KEY = f"{PREFIX}{REPLACE}"
_CHOICES = {"true": True, "false": False}


def replacing(context: Mapping[str, Any], folder: Path) -> tuple[bool, dict[str, Any]]:
    """Return whether rules may be replaced, and the rest of CDK's context. CDK runs the app in `folder`.

    Raises ConfigurationError if a file says it: it would be said for good.
    """
    rest = dict(context)
    said = rest.pop(KEY, "false")
    files = tuple(f"{path}: {KEY}: {NOT_FOR_GOOD}" for path in _files_that_say_it(folder))
    if files:
        raise ConfigurationError(files)
    choice = _CHOICES.get(str(said).lower())
    if choice is None:
        raise ConfigurationError((f"context {KEY}: {said!r} is neither true nor false",))
    return choice, rest


def _files_that_say_it(folder: Path) -> Iterator[str]:
    """Yield the files from which CDK reads its context, as far as they say it."""
    for path in (folder / "cdk.json", Path.home() / ".cdk.json"):
        if KEY in _object(_object(_read(path)).get("context")):
            yield path.name
    if KEY in _object(_read(folder / "cdk.context.json")):
        yield "cdk.context.json"


def _read(path: Path) -> Any:
    """Return what a file holds; nothing if it cannot be read: then CDK cannot, either."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
