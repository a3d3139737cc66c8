"""Find the page of each problem: in `docs/checks`, or beside this module in an installed package."""

import tempfile
from pathlib import Path

from hubtriage.authoring.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import Problem, in_order

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


def problems_of(example: str) -> tuple[Problem, ...]:
    """Return lint's problems with an example on a page; `-- NAME` begins another file of it."""
    name, *others = f"-- a.yaml\n{example}".split("\n-- ")
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        for part in (name.removeprefix("-- "), *others):
            file, _newline, content = part.partition("\n")
            (folder / file).write_text(content, encoding="utf-8")
        loaded = load_rules(folder)
        found = in_order((*loaded.problems, *warnings(loaded, SAMPLE_NOW)))
    return tuple(problem.moved(directory, "rules") for problem in found)
