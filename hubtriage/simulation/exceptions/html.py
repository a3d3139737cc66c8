"""The register as one self-contained page: endings, exceptions, and what no rule accounts for."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from hubtriage.pages.document import design, document

_PAGE = files("hubtriage.simulation.exceptions") / "page"


def page(record: Mapping[str, Any]) -> str:
    """Return the page of a register, as `register` and `--json` give it."""
    return document(design("hubtriage exceptions", _PAGE), record)
