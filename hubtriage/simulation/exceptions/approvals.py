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
    """A commit on the main line: who wrote what it brought, its day, and who approved that, if it says so.

    What a merge brought was written by the author of the newest commit that it merged. Who merged it has
    approved it, unless they wrote it.
    """

    name: str
    author: str
    day: str
    approvers: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleHistory:
    """The commits that made a rule, that moved its end, and that last changed it.

    A rule that was there before the commits that were read has no `created`, and may have no `changed`.
    """

    created: Commit | None
    changed: Commit | None
    renewals: tuple[Commit, ...] = ()


@dataclass
class RulesHistory:
    """The history of each rule by id."""

    rules: dict[str, RuleHistory] = field(default_factory=dict)


def history_of(folder: Path) -> RulesHistory | None:
    """Read the history of a folder of rules; None if it is in no git repository."""
    commits = list(_commits(folder))
    if not commits:
        return None
    history = RulesHistory()
    before: dict[str, Mapping[str, object]] = {}
    for number, (commit, files) in enumerate(reversed(commits)):
        now = {name: rule for name, rule in before.items() if rule["file"] not in files}
        for file in files:
            now |= {name: {**rule, "file": file} for name, rule in _rules(folder, commit.name, file)}
        for name, rule in now.items():
            _note(history.rules, name, before.get(name), rule, commit)
        before = now
        if number == 0 and len(commits) > MOST_COMMITS:  # what it shows may be older, in all files
            before |= dict(_all_rules(folder, commit.name))
            history.rules = {name: RuleHistory(None, None) for name in before}
    return history


def _all_rules(folder: Path, commit: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the rules of all files at a commit."""
    told = _git(folder, "ls-tree", "-r", "--name-only", "-z", commit, ".")
    for file in filter(None, (told or "").split("\0")):
        yield from ((name, {**rule, "file": file}) for name, rule in _rules(folder, commit, file))


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
    form = "%x1e%H%x1f%P%x1f%an%x1f%cs%x1f%B%x1f"
    told = _git(
        folder, "log", f"--max-count={MOST_COMMITS + 1}", "--first-parent", "-m", "--name-only", "--relative",
        f"--format={form}", "--", ".",
    )  # fmt: skip
    for text in (told or "").split("\x1e")[1:]:
        name, parents, author, day, message, files = text.split("\x1f")
        commit = Commit(name, author, day, tuple(_approvers(message)))
        if " " in parents:
            commit = _merged(folder, commit)
        yield commit, [one for one in files.split("\n") if one]


def _merged(folder: Path, merge: Commit) -> Commit:
    """Return a merge as what it brought: its author, and who approved it, at least who merged it."""
    told = _git(
        folder, "log", "--format=%x1e%an%x1f%B", f"{merge.name}^1..{merge.name}", "--no-merges", "--", "."
    )
    inside = [text.split("\x1f") for text in (told or "").split("\x1e")[1:]]
    if not inside:
        return merge
    author = inside[0][0]
    said = [*merge.approvers, *(one for _author, message in inside for one in _approvers(message))]
    approvers = tuple(dict.fromkeys(said)) or ((merge.author,) if merge.author != author else ())
    return replace(merge, author=author, approvers=approvers)


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
            ["git", "-C", str(folder), "-c", "core.quotePath=false", *arguments],
            capture_output=True,
            check=True,
            timeout=_TIMEOUT,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
