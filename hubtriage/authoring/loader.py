"""Read a folder of rule files: all rules without errors, and all problems of the others.

The loader reads every `*.yaml` and `*.yml` file in and below the folder, in capitals too. It leaves out files
and folders with a name that starts with a dot. `accounts.yaml` at the top of the folder is the account
directory, `policy.yaml` there the house policy; all other files hold `rules:`, `lists:` and `defaults:`.
Every file can use the lists of all files; defaults hold for the rules of their own file.
"""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from hubtriage.authoring.lists import ListsAndAccounts
from hubtriage.authoring.loaded import LoadResult
from hubtriage.authoring.policy.reader import PolicyReader
from hubtriage.authoring.problems import Position, Problem, in_order
from hubtriage.authoring.rule_reader import RuleReader
from hubtriage.authoring.yaml.reader import MAX_BYTES, parse
from hubtriage.authoring.yaml.tree import YamlDocument
from hubtriage.engine.text.system_errors import in_words

ACCOUNTS_FILE = "accounts.yaml"
POLICY_FILE = "policy.yaml"
_ENDINGS = (".yaml", ".yml")
_MOST_BEHIND = 1_000  # files behind a link that are looked at: it may lead anywhere
_DOUBTFUL = ("E203", "E206")  # the list or accounts may be in a file that cannot be read


def rule_files(folder: Path) -> list[Path]:
    """Return the rule files of a folder, sorted by path; also what has such a name and cannot be read."""
    return [path for path in _visible_files(folder) if path.suffix.lower() in _ENDINGS]


def _visible_files(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if not path.is_dir())
    return sorted(path for path in files if not _is_hidden(path.relative_to(folder)))


def _unread_rules(folder: Path) -> Iterator[Problem]:
    """Yield each JSON file that holds rules: its author does not expect that it does nothing."""
    for path in _visible_files(folder):
        if path.suffix.lower() != ".json" or not path.is_file() or path.stat().st_size > MAX_BYTES:
            continue
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(content, dict) and {"rules", "lists", "defaults"} & content.keys():
            message = "rules in JSON are not read"
            hint = f"rename it to {path.stem}.yaml: what is JSON is YAML, too"
            yield Problem(path.as_posix(), Position(1, 1), "E405", message, hint)


def _links_to_folders(folder: Path) -> Iterator[Problem]:
    """Yield each link to a folder of rule files: it is not followed, and they would be missing in silence."""
    for path in sorted(folder.rglob("*")):
        is_link = path.is_symlink() and path.is_dir() and not _is_hidden(path.relative_to(folder))
        behind = islice(path.rglob("*"), _MOST_BEHIND) if is_link else ()
        if any(each.suffix.lower() in _ENDINGS for each in behind):
            hint = "put the files themselves into the folder of the rules"
            message = "this is a link to a folder of rule files, and is not followed"
            yield Problem(path.as_posix(), Position(1, 1), "E001", message, hint)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def load_rules(folder: Path, read: Callable[[Path], bytes] = Path.read_bytes) -> LoadResult:
    """Return every rule, list and account of a folder, and all problems of all its files, by place.

    `read` returns the content of a rule file, or raises OSError. Nothing in the files makes it raise: a file
    that cannot be read is a problem, too.
    """
    if not folder.is_dir():
        hint = "name a folder of rule files"
        problem = Problem(folder.as_posix(), Position(1, 1), "E404", "there is no such folder", hint)
        return LoadResult((), {}, {}, (problem,))
    files = [_read_file(path, read) for path in rule_files(folder)]
    documents = tuple(document for document, _problems in files if document is not None)
    directory, house = ((folder / name).as_posix() for name in (ACCOUNTS_FILE, POLICY_FILE))
    shared = ListsAndAccounts(folder)
    for document in documents:
        if document.file == directory:
            shared.read_accounts(document)
        elif document.file != house:
            shared.read_lists(document)
    reader, policy = RuleReader(shared), PolicyReader(shared)
    rules = [rule for one in documents if one.file not in (directory, house) for rule in reader.rules(one)]
    statements = [said for one in documents if one.file == house for said in policy.statements(one)]
    problems = [
        *(problem for _document, found in files for problem in found),
        *_unread_rules(folder),
        *_links_to_folders(folder),
        *shared.problems,
        *reader.problems,
        *policy.problems,
    ]
    if len(documents) < len(files):
        problems = [problem for problem in problems if problem.code not in _DOUBTFUL]
    sound = tuple(rule for rule in rules if rule.is_sound)
    flawed = tuple(rule for rule in rules if not rule.is_sound)
    return LoadResult(
        sound, shared.lists, shared.accounts, in_order(problems), documents, flawed, tuple(statements)
    )


def _read_file(path: Path, read: Callable[[Path], bytes]) -> tuple[YamlDocument | None, list[Problem]]:
    name = path.as_posix()
    if path.exists() and not path.is_file():
        message = "the file cannot be read: it is a pipe or a device"
        return None, [Problem(name, Position(1, 1), "E001", message, "write the rules into a file")]
    try:
        content = read(path)
    except OSError as error:
        message = f"the file cannot be read: {in_words(error)}"
        return None, [Problem(name, Position(1, 1), "E001", message)]
    document, problems = parse(name, content)
    if not problems and (document is None or document.value is None):
        hint = "delete the file, or write rules: or lists:"
        return None, [Problem(name, Position(1, 1), "E008", "the file holds nothing", hint)]
    return document, problems
