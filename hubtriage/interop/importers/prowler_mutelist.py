"""Prowler's mutelists, of its version 5, for the findings that Prowler sends to Security Hub.

    Mutelist:
      Accounts:
        account id or "*":
          Checks:
            check: {Regions: [], Resources: [], Tags: [], Description,
                    Exceptions: {Accounts: [], Regions: [], Resources: [], Tags: []}}

Prowler searches: an item of a list, and the name of a check, are regular expressions that may match anywhere.
It looks at one account's entries in the order of the file, and stops at the first whose check and exceptions
fit the finding. What an earlier one muted stays muted. An exception fits if each list that it has fits.

Its findings have the check in `GeneratorId`, behind `prowler-`, and the Region and account where Prowler
found them. What Prowler calls the resource is not in them, nor are the tags as the text that it searches: so
what asks for either is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.asff.partitions import regions
from hubtriage.interop.criteria.attributes import ATTRIBUTES
from hubtriage.interop.criteria.input import Path, Refused, literal, shown
from hubtriage.interop.criteria.model import Criterion, TextTest
from hubtriage.interop.criteria.to_rule import Logic, any_holds, logic_of, pattern_of, wildcard
from hubtriage.interop.importers.names import labelled, printable
from hubtriage.interop.importers.outcome import Draft, Translation, UnreadableError
from hubtriage.interop.importers.regexes import WORDS, counts_ascii_words, read_regex
from hubtriage.interop.importers.sources import read_yaml

_PRODUCT = "::product/prowler/prowler"
_PREFIX = "prowler-"
_CHECK: Logic = {"substr": [{"var": "GeneratorId"}, len(_PREFIX)]}
_LISTS = ("Accounts", "Regions", "Resources", "Tags")
_ENTRY = ("Regions", "Resources", "Tags", "Exceptions", "Description")
_ACCOUNT = re.compile(r"[0-9]{12}")
_MOST_ABOVE = 1000
_MOST_EXCEPTIONS = 50  # of entries above one that may concern it; each of them would stand in its rule
_ATTRIBUTES = {"Accounts": ATTRIBUTES["AwsAccountId"], "Regions": ATTRIBUTES["Region"]}

_STARS = "versions of Prowler read the star in {!r:.60} differently"
_NO_STAR = "write `.{0,}` for any text, and leave out a star at the end: Prowler searches anyway"
_NO_RESOURCE = "Prowler searches its own name of the resource, which its findings in Security Hub do not have"
_NO_TAGS = "Prowler searches all tags as one text, which rules cannot"
_TRAILING = "{!r:.60} mutes what has {!r:.60} in it; older versions of Prowler muted more"

Tests = tuple[TextTest, ...] | None
"""Tests; one of them has to hold. None for those that always do."""


@dataclass(frozen=True, slots=True)
class _Exceptions:
    """When an entry whose check fits does not mute: if each of `lists` fits.

    `unknown` leads to one more list that would have to fit, and it is not known whether it does; `unreadable`
    says why nothing of it is known.
    """

    check: TextTest | None = None
    lists: Mapping[str, tuple[TextTest, ...]] = field(default_factory=dict)
    unknown: Path | None = None
    unreadable: Refused | None = None

    @property
    def doubtful(self) -> Path | None:
        """Where the file has what cannot be read."""
        return self.unreadable.path if self.unreadable else self.unknown


def translate(name: str, content: bytes) -> Translation:
    """Translate the entries of a mutelist. Raises UnreadableError."""
    value, line = read_yaml(name, content)
    if not isinstance(value, dict) or "Mutelist" not in value:
        raise UnreadableError("there is no mapping `Mutelist:` in it")
    _check_form(value["Mutelist"])
    found = Translation(line=line)
    number = 0
    for account, holder in value["Mutelist"]["Accounts"].items():
        path: Path = ("Mutelist", "Accounts", account, "Checks")
        above: list[_Exceptions] = []
        for check, entry in holder["Checks"].items():
            number += 1
            label = labelled(number, f"{check} of {account}")
            at = (*path, check)
            own = _exceptions(check, entry.get("Exceptions", {}), at)
            found.add(label, lambda: _draft(label, account, check, entry, at, above, own))  # noqa: B023
            above += [own] if own else []
    return found


# -- the form -----------------------------------------------------------------------------------


def _check_form(mutelist: Any) -> None:
    """Check what Prowler checks: where anything is wrong, it mutes nothing. Raises UnreadableError."""
    try:
        accounts = _object(mutelist, ("Accounts",), ("Mutelist",), required=("Accounts",))["Accounts"]
        path: Path = ("Mutelist", "Accounts")
        for account, holder in _object(accounts, None, path).items():
            at = (*path, account)
            checks = _object(holder, ("Checks",), at, required=("Checks",))["Checks"]
            for check, entry in _object(checks, None, (*at, "Checks")).items():
                _check_entry(entry, (*at, "Checks", check))
    except Refused as error:
        reason = f"Prowler would refuse this mutelist: {shown(error.path)}: {error.reason}"
        raise UnreadableError(printable(reason), error.hint) from None


def _object(value: Any, known: Iterable[str] | None, path: Path, *, required: tuple[str, ...] = ()) -> Any:
    if not isinstance(value, dict):
        raise Refused(path, "a mapping is wanted here")
    for key in value:
        if known is not None and key not in known:
            raise Refused((*path, key), f"unknown key {key!r:.60}")
    for key in required:
        if key not in value:
            raise Refused(path, f"the key {key!r} is missing")
    return value


def _check_entry(entry: Any, path: Path) -> None:
    given = _object(entry, _ENTRY, path, required=("Regions", "Resources"))
    _check_lists(given, path)
    _check_lists(_object(given.get("Exceptions", {}), _LISTS, (*path, "Exceptions")), (*path, "Exceptions"))
    if not isinstance(given.get("Description", ""), str):
        raise Refused((*path, "Description"), "text is wanted here", "put it in quotes")


def _check_lists(holder: Mapping[str, Any], path: Path) -> None:
    for name in (one for one in _LISTS if one in holder):
        if not isinstance(holder[name], list):
            raise Refused((*path, name), "a list is wanted here")
        for index, item in enumerate(holder[name]):
            if not isinstance(item, str):
                raise Refused((*path, name, index), "text is wanted here", "put it in quotes")


# -- one entry ----------------------------------------------------------------------------------


def _draft(
    label: str,
    account: str,
    check: str,
    entry: Mapping[str, Any],
    path: Path,
    above: list[_Exceptions],
    own: _Exceptions | None,
) -> Draft:
    test = _check_test(check, path)
    match: dict[str, Any] = {"ProductArn": [{"suffix": _PRODUCT}], "GeneratorId": [_generator(test)]}
    if account != "*":
        if not _ACCOUNT.fullmatch(account):
            raise Refused(path, f"{account!r:.60} is not an account id of AWS, so it is for another cloud")
        match["AwsAccountId"] = [account]
    _check_exact(entry, check, path)
    conjuncts = [any_holds([test], _CHECK)] if test is not None and test.how == "regex" else []
    searched = _any_of(entry["Regions"], (*path, "Regions"))
    if searched is not None:
        criterion = Criterion(_ATTRIBUTES["Regions"], searched)
        pattern = pattern_of(criterion)
        if pattern is None:
            conjuncts.append(logic_of(criterion))
        else:
            match["Region"] = pattern
    conjuncts += _not_excepted(test, above, own, path)
    body = {
        "description": f"Imported from a mutelist of Prowler, {label}.",
        "match": match,
        **({"when": conjuncts[0] if len(conjuncts) == 1 else {"and": conjuncts}} if conjuncts else {}),
        "update": _update(entry.get("Description", ""), (*path, "Description")),
    }
    name = f"{'all checks' if check == '*' else check}{'' if account == '*' else ' ' + account}"
    return Draft(label, name, path, body, tuple(_remarks(check, entry)))


def _check_exact(entry: Mapping[str, Any], check: str, path: Path) -> None:
    """Refuse what asks for a resource or for tags, and what mutes nothing."""
    for name in ("Regions", "Resources"):
        if not entry[name]:
            raise Refused((*path, name), "the list is empty, so this entry mutes nothing")
    pattern = f"prowler-*{printable(check.strip('*'))}*" if check.strip("*") else "prowler-*"
    start = f'write a rule by hand, with GeneratorId: [{{wildcard: "{pattern:.90}"}}] and '
    if not _fits_all(entry["Resources"]):
        raise Refused((*path, "Resources"), _NO_RESOURCE, start + 'Resources: {Id: ["…the ARN…"]}')
    if not all(_is_all(tag) for tag in entry.get("Tags", ())):
        raise Refused((*path, "Tags"), _NO_TAGS, start + 'Resources: {Tags: {"…key…": ["…value…"]}}')


def _update(description: str, path: Path) -> dict[str, Any]:
    note = {"Note": {"Text": literal(description, path)}} if description.strip() else {}
    return {"Workflow": {"Status": "SUPPRESSED"}, **note}


def _generator(test: TextTest | None) -> Any:
    """Return the alternative of a pattern for `GeneratorId`; of an expression, only what all of them have."""
    if test is None or test.how == "regex":
        return {"prefix": _PREFIX}
    if test.how == "equals":
        return _PREFIX + test.value
    if test.how == "prefix":
        return {"prefix": _PREFIX + test.value}
    return {"wildcard": _PREFIX + wildcard(test.how, test.value)}


# -- exceptions ---------------------------------------------------------------------------------


def _exceptions(check: str, written: Mapping[str, Any], path: Path) -> _Exceptions | None:
    """Return when an entry does not mute; None if it has no exceptions."""
    at = (*path, "Exceptions")
    given = {name: items for name, items in written.items() if items}
    lists: dict[str, tuple[TextTest, ...]] = {}
    unknown: Path | None = None
    try:
        for name, items in given.items():
            if name in _ATTRIBUTES:
                tests = _any_of(items, (*at, name))
                lists.update({name: tests} if tests is not None else {})
            elif not (_fits_all(items) if name == "Resources" else all(map(_is_all, items))):
                unknown = (*at, name)
        return _Exceptions(_check_test(check, path), lists, unknown) if given else None
    except Refused as error:
        return _Exceptions(unreadable=error)


def _not_excepted(
    test: TextTest | None, above: list[_Exceptions], own: _Exceptions | None, path: Path
) -> list[Logic]:
    """Return what keeps an entry muting in spite of its own exceptions, and of those of the entries above."""
    if len(above) > _MOST_ABOVE:
        raise Refused(path, f"more than {_MOST_ABOVE} entries above it have exceptions", "move it above them")
    concerning = [one for one in above if one.unreadable or not _disjoint(one.check, test)]
    if len(concerning) > _MOST_EXCEPTIONS:
        reason = f"the exceptions of {len(concerning)} entries above may concern it"
        raise Refused(path, reason, "move it above them, or write whole checks, as ^name$")
    for one in concerning:
        if one.doubtful:
            reason = f"{shown(one.doubtful)}, which cannot be read, may exclude findings of this entry"
            hint = "move this entry above that one, or write both checks whole, as ^name$"
            raise Refused(path, reason, hint)
    if own is not None:
        _check_told(own)
    negations = [_negated(one, path, with_check=True) for one in concerning]
    return negations if own is None else [*negations, _negated(own, path, with_check=False)]


def _check_told(own: _Exceptions) -> None:
    if own.unreadable:
        raise own.unreadable
    if own.unknown:
        reason = _NO_TAGS if own.unknown[-1] == "Tags" else _NO_RESOURCE
        raise Refused(own.unknown, reason, "write a rule by hand that leaves out what is excepted")


def _negated(one: _Exceptions, path: Path, *, with_check: bool) -> Logic:
    parts = [any_holds([one.check], _CHECK)] if with_check and one.check is not None else []
    parts += [logic_of(Criterion(_ATTRIBUTES[name], tests)) for name, tests in one.lists.items()]
    if not parts:
        raise Refused(path, "the exceptions leave nothing that it could mute")
    return {"!": [parts[0] if len(parts) == 1 else {"and": parts}]}


def _disjoint(one: TextTest | None, other: TextTest | None) -> bool:
    """Say whether no check can pass both tests, as far as that is plain."""
    if one is None or other is None or "regex" in (one.how, other.how):
        return False
    if one.how == "equals":
        return not other.holds(one.value)
    if other.how == "equals":
        return not one.holds(other.value)
    if one.how == other.how == "prefix":
        return not (one.value.startswith(other.value) or other.value.startswith(one.value))
    return False


# -- expressions --------------------------------------------------------------------------------


def _check_test(check: str, path: Path) -> TextTest | None:
    """Return the test of a check's name. Prowler's own names of the service Lambda begin with `aws`."""
    return _test("aws" + check if check.startswith("lambda") else check, path)


def _any_of(items: list[str], path: Path) -> Tests:
    tests = [_test(item, (*path, index)) for index, item in enumerate(items)]
    return None if None in tests else tuple(dict.fromkeys(_whole(one) for one in tests if one is not None))


def _whole(test: TextTest) -> TextTest:
    """Return equality for the search of a whole account id or Region, which are part of no other one."""
    is_whole = test.how != "regex" and (_ACCOUNT.fullmatch(test.value) or test.value in regions())
    return TextTest("equals", test.value) if is_whole else test


def _test(item: str, path: Path) -> TextTest | None:
    """Return the test that a search is; None if it finds everything. Raises Refused."""
    if _is_all(item):
        return None
    rest = item.removeprefix("*")
    if re.search(r"(?<!\\)[A-Za-z0-9_-]\*\Z", rest):
        rest = rest[:-1]
    if "*" in rest or rest[:1] in tuple("?+{"):
        raise Refused(path, _STARS.format(printable(item)), _NO_STAR)
    return read_regex(rest, path)


def _is_all(item: str) -> bool:
    return item in ("*", "")


def _fits_all(items: list[str]) -> bool:
    return any(_is_all(item) for item in items)


def _remarks(check: str, entry: Mapping[str, Any]) -> Iterator[str]:
    exceptions = entry.get("Exceptions", {})
    lists = (entry["Regions"], exceptions.get("Accounts", ()), exceptions.get("Regions", ()))
    written = [check, *(item for items in lists for item in items)]
    for item in written:
        if item.endswith("*") and item.strip("*"):
            yield _TRAILING.format(printable(item), printable(item.strip("*")))
    if any(counts_ascii_words(item) for item in written):
        yield WORDS
