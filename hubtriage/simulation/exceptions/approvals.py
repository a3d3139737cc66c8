"""Who wrote, renewed and approved each rule, as git says."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hubtriage.authoring.yaml.reader import parse
from hubtriage.authoring.yaml.tree import member

MOST_COMMITS = 2_000
_TIMEOUT = 60.0
_APPROVING = ("approved-by", "reviewed-by", "acked-by")


@dataclass(frozen=True)
class Commit:
    """A commit: its author, the day it was made (UTC), and who approved it, if it says so."""

    name: str
    author: str
    day: str
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleHistory:
    """The commits that made a rule, that moved its end, and that last changed it."""

    created: Commit
    changed: Commit
    renewals: tuple[Commit, ...] = ()


@dataclass
class RulesHistory:
    """The history of each rule by id. `cut`: there are older commits that were not read."""

    rules: dict[str, RuleHistory] = field(default_factory=dict)
    cut: bool = False


def history_of(folder: Path) -> RulesHistory | None:
    """Read the history of a folder of rules; None if it is in no git repository."""
    commits = list(_commits(folder))
    if not commits:
        return None
    history = RulesHistory(cut=len(commits) >= MOST_COMMITS)
    before: dict[str, Mapping[str, object]] = {}
    for commit, files in reversed(commits):
        now = {name: rule for name, rule in before.items() if rule["file"] not in files}
        for file in files:
            now |= {name: {**rule, "file": file} for name, rule in _rules(folder, commit.name, file)}
        for name, rule in now.items():
            _note(history.rules, name, before.get(name), rule, commit)
        before = now
    return history


def _note(
    known: dict[str, RuleHistory],
    name: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
    commit: Commit,
) -> None:
    """Take in what a commit did to a rule."""
    if before is None or name not in known:
        known[name] = RuleHistory(commit, commit)
        return
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} - {"file"}
    if not changed:
        return
    renewals = (*known[name].renewals, commit) if "expires" in changed else known[name].renewals
    known[name] = replace(known[name], changed=commit, renewals=renewals)


def _commits(folder: Path) -> Iterator[tuple[Commit, list[str]]]:
    """Yield the commits that changed the folder, the newest first, with the files that they changed."""
    form = "%x1e%H%x1f%an%x1f%cs%x1f%B%x1f"
    told = _git(
        folder, "log", f"--max-count={MOST_COMMITS}", "--first-parent", "-m", "--name-only", "--relative",
        f"--format={form}", "--", ".",
    )  # fmt: skip
    for text in (told or "").split("\x1e")[1:]:
        name, author, day, message, files = text.split("\x1f")
        yield Commit(name, author, day, tuple(_approvers(message))), [one for one in files.split("\n") if one]


def _approvers(message: str) -> Iterator[str]:
    """Yield who approved, as the trailers of a message say."""
    for line in message.splitlines():
        key, colon, value = line.partition(":")
        if colon and key.strip().lower() in _APPROVING and value.strip():
            yield value.strip()


def _rules(folder: Path, commit: str, file: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the rules of a file at a commit, as far as it can be read."""
    text = _git(folder, "show", f"{commit}:./{file}")
    if text is None or not file.lower().endswith((".yaml", ".yml")):
        return
    document, _problems = parse(file, text.encode())
    value = document.value if document is not None else None
    defaults, rules = member(value, "defaults"), member(value, "rules")
    for rule in rules if isinstance(rules, list) else ():
        name = member(rule, "id")
        if isinstance(name, str):
            laid = {**(defaults if isinstance(defaults, dict) else {}), **rule}
            yield name, {key: repr(one) for key, one in laid.items()}


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git prints; None if it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=True,
            timeout=_TIMEOUT,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
