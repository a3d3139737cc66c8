"""Find the page of each problem: in `docs/checks`, or next to this module in an installed package."""

from pathlib import Path

_FOLDERS = (Path(__file__).parents[3] / "docs" / "checks", Path(__file__).with_name("pages_of_checks"))


def link(code: str) -> str:
    """Return the path of a code's page in the project."""
    return f"docs/checks/{code}.md"


def command(code: str) -> str:
    """Return the command that shows the page of a code, in any folder."""
    return f"hubtriage lint --page {code}"


def text(code: str) -> str:
    """Return the page of a code. Raise FileNotFoundError for a code that has none."""
    for folder in _FOLDERS:
        path = folder / f"{code}.md"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError(f"there is no page for {code}")
