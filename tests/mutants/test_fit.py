"""Each planted bug fits the code as it is: one that does not would never be planted."""

from pathlib import Path

import hubtriage
from tests.mutants.__main__ import FINDERS
from tests.support.paths import ROOT

PACKAGE = Path(hubtriage.__file__).parent


def test_each_planted_bug_changes_one_place_of_the_code() -> None:
    bugs = [bug for group in FINDERS for bug in group]
    unfit = [
        bug.story for bug in bugs if (PACKAGE / bug.file).read_text(encoding="utf-8").count(bug.old) != 1
    ]
    assert unfit == []
    assert len({bug.story for bug in bugs}) == len(bugs)


def test_every_file_that_is_to_find_bugs_is_there() -> None:
    named = {finder.partition("::")[0] for finders in FINDERS.values() for finder in finders}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
