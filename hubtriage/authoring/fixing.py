"""Apply the fixes of lint to rule files, round by round, until nothing is left that they can mend.

No fix is trusted: a text with fixes in it has to be read as the old content with just the changes that the
fixes announce. Whatever else came of it (a value that an alias shares, a comment that got a meaning) is not
written.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import Fix
from hubtriage.authoring.yaml.mending import changed
from hubtriage.authoring.yaml.reader import parse
from hubtriage.authoring.yaml.tree import SourceText

MOST_ROUNDS = 10
_MOST_TRIES = 32  # of the fixes of one file in a round: which one of many does not fit is found by halving
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class FixedFile:
    """A rule file before and after: both contents, and the fixes in between."""

    path: Path
    before: bytes
    after: bytes
    fixes: tuple[Fix, ...]


def fixed_files(folder: Path, names: Collection[str] = (), *, unsafe: bool) -> tuple[FixedFile, ...]:
    """Return the files of a folder that fixes change, by name, as they would be then; nothing is written.

    `names` are the files that may change, all if there are none; unsafe fixes have to be asked for.
    """
    fixed: dict[str, FixedFile] = {}
    for _round in range(MOST_ROUNDS):
        changed_now = _next_round(folder, fixed, names, unsafe=unsafe)
        if not changed_now:
            break
        fixed.update(changed_now)
    return tuple(fixed[name] for name in sorted(fixed))


def reader(fixed: Mapping[str, FixedFile]) -> Callable[[Path], bytes]:
    """Return a function that reads files as fixes would leave them. It raises OSError."""

    def read(path: Path) -> bytes:
        known = fixed.get(path.as_posix())
        return path.read_bytes() if known is None else known.after

    return read


def _next_round(
    folder: Path, fixed: Mapping[str, FixedFile], names: Collection[str], *, unsafe: bool
) -> dict[str, FixedFile]:
    """Return the files that this round changes, each with all that was fixed in it so far."""
    read = reader(fixed)
    by_file: dict[str, list[Fix]] = {}
    for problem in load_rules(folder, read).problems:
        is_chosen = not names or problem.file in names
        if is_chosen and problem.fix is not None and (unsafe or not problem.fix.unsafe):
            by_file.setdefault(problem.file, []).append(problem.fix)
    found: dict[str, FixedFile] = {}
    for name, fixes in by_file.items():
        path = Path(name)
        content = read(path)
        after, made = with_fixes(name, content, fixes)
        if made:
            known = fixed.get(name) or FixedFile(path, content, content, ())
            found[name] = FixedFile(path, known.before, after, (*known.fixes, *made))
    return found


def with_fixes(file: str, content: bytes, fixes: Iterable[Fix]) -> tuple[bytes, tuple[Fix, ...]]:
    """Return the content of a file with those fixes that do not overlap and do what they say, and these."""
    attempt = _FixedText(file, content)
    made = attempt.those_that_fit(_apart(attempt.source, fixes))
    return attempt.content(made), made


class _FixedText:
    """A file in which fixes are tried."""

    def __init__(self, file: str, content: bytes):
        self._mark = _MARK if content.startswith(_MARK) else b""
        self.source = SourceText(file, content.decode("utf-8-sig"))
        self._document, self._problems = parse(file, content)
        self._tries = 0

    def those_that_fit(self, fixes: Sequence[Fix]) -> tuple[Fix, ...]:
        """Return the fixes that together do what they say: all, or what halving them finds."""
        if not fixes or self._fits(fixes):
            return tuple(fixes)
        if len(fixes) == 1 or self._tries > _MOST_TRIES:
            return ()
        middle = len(fixes) // 2
        first, second = self.those_that_fit(fixes[:middle]), self.those_that_fit(fixes[middle:])
        return (*first, *second) if not first or not second or self._fits((*first, *second)) else first

    def content(self, fixes: Sequence[Fix]) -> bytes:
        """Return the file's content with fixes, which are in order and do not overlap."""
        text, pieces, last = self.source.text, [], 0
        for fix in fixes:
            pieces += [text[last : self.source.offset(fix.start)], fix.replacement]
            last = self.source.offset(fix.end)
        return self._mark + "".join([*pieces, text[last:]]).encode()

    def _fits(self, fixes: Sequence[Fix]) -> bool:
        self._tries += 1
        document, problems = parse(self.source.file, self.content(fixes))
        if self._document is None or document is None or len(problems) > len(self._problems):
            return False
        try:
            expected = changed(
                self._document.root, dict.fromkeys(change for fix in fixes for change in fix.changes)
            )
        except ValueError:
            return False
        return _same(expected.value, document.value)


def _apart(source: SourceText, fixes: Iterable[Fix]) -> list[Fix]:
    """Return the fixes that do not overlap, by place. Of two that do it is the first."""
    apart: list[Fix] = []
    end = -1
    for fix in sorted(
        fixes, key=lambda one: (one.start.line, one.start.column, -one.end.line, -one.end.column)
    ):
        start = source.offset(fix.start)
        if start > end or (start == end and start != source.offset(fix.end)):
            apart.append(fix)
            end = max(source.offset(fix.end), start)
    return apart


def _same(one: Any, other: Any) -> bool:
    """Say whether two contents are the same, in the same order; 1, 1.0 and true are not."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
