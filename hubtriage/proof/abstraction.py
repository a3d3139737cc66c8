"""A rule's `when` with what no proof can look into put out of sight, and what the rest asks of each value.

A part that cannot be described, such as a comparison of two fields, becomes a member of the finding that is
true or false at will. So a proof about the rest holds for the whole expression too. The same part becomes the
same member wherever it stands, so that two versions of a rule agree about it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeAlias

from hubtriage.asff.fields import AsffField, UnknownPath, look_up
from hubtriage.engine.index.asff_lists import LISTS
from hubtriage.engine.index.dnf import may_fail
from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.engine.jsonlogic.syntax import split_operation, var_keys
from hubtriage.engine.jsonlogic.triage_operators import SECONDS_A_DAY
from hubtriage.engine.jsonlogic.values import is_number, to_number, truthy
from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.proof.expressions import forms_of
from hubtriage.proof.languages import (
    TextPattern,
    beginning,
    containing,
    ending,
    exactly,
    lowered,
    with_stars,
)
from hubtriage.proof.questions import Boundaries, Keys, Question

OPAQUE: Final = "?"
"""Begins the names of members that stand for parts out of sight; no field's name begins so."""

Accounts: TypeAlias = Mapping[str, Mapping[str, str]]
ACCOUNT: Final = ("AwsAccountId",)


@dataclass
class Asked:
    """What conditions ask: of the value at each path, and how many elements of each list may matter.

    `opaque` holds the parts out of sight, as JsonLogic.
    """

    questions: list[tuple[Keys, Question]] = field(default_factory=list)
    elements: Counter[Keys] = field(default_factory=Counter)
    positions: Counter[Keys] = field(default_factory=Counter)
    opaque: dict[Keys, Any] = field(default_factory=dict)

    def take_in(self, inner: Asked) -> None:
        """Add what a part asks."""
        self.questions += inner.questions
        self.elements += inner.elements
        self.positions |= inner.positions
        self.opaque |= inner.opaque


@dataclass(frozen=True)
class _Subject:
    """What an atom looks at: the value at a path, as it is (`plain`), or made of it.

    `data` puts a value where the atom finds it.
    """

    keys: Keys
    made: str
    data: Callable[[Any], Any]


class Abstraction:
    """Takes one rule's `when` apart, and gathers what it asks."""

    def __init__(self, accounts: Accounts, now: float, asked: Asked) -> None:
        self._accounts = accounts
        self._now = now
        self._asked = asked

    def whole(self, logic: Any) -> Any:
        """Return an expression that is true where a rule's `when` is, or fails."""
        # a rule whose logic fails counts as matching, whatever the rest of its logic would say
        return self._out_of_sight(logic, ()) if may_fail(logic) else self.truth(logic)

    def truth(self, logic: Any, scope: Keys = ()) -> Any:
        """Return an expression that is true where this one is, for the truth of it alone."""
        if not isinstance(logic, dict) or not logic:
            return truthy(logic) if not isinstance(logic, list) else bool(logic)
        name, arguments = split_operation(logic)
        if name in ("and", "or", "!", "!!", "if", "?:"):
            return {name: [self.truth(argument, scope) for argument in arguments]}
        if name in ("some", "all", "none"):
            return self._loop(logic, name, arguments, scope)
        if name == "missing" and self._missing(arguments, scope):
            return logic
        return logic if self._atom(logic, name, arguments, scope) else self._out_of_sight(logic, scope)

    def _out_of_sight(self, logic: Any, scope: Keys) -> Any:
        written = json.dumps(logic, sort_keys=True)
        if '"account"' in written:  # with another directory, the same part is another one
            written += json.dumps(self._accounts, sort_keys=True)
        name = OPAQUE + hashlib.sha256(written.encode()).hexdigest()[:16]
        self._asked.opaque[(*scope, name)] = logic
        return {"var": name}

    def _loop(self, logic: Any, name: str, arguments: Sequence[Any], scope: Keys) -> Any:
        keys = var_keys(arguments[0])
        path = (*scope, *keys) if keys else None
        if path is None or path not in LISTS or self._lists_between(scope, path):
            return self._out_of_sight(logic, scope)
        inner = Asked()
        body = Abstraction(self._accounts, self._now, inner).truth(arguments[1], path)
        if inner.opaque and _holds_texts(path):  # a text has no members that could stand for a part
            return self._out_of_sight(logic, scope)
        self._asked.take_in(inner)
        self._asked.elements[path] += 1
        return {name: [arguments[0], body]}

    def _lists_between(self, scope: Keys, path: Keys) -> bool:
        return any(path[:length] in LISTS for length in range(len(scope) + 1, len(path)))

    def _missing(self, arguments: Sequence[Any], scope: Keys) -> bool:
        names = arguments[0] if arguments and isinstance(arguments[0], list) else arguments
        if not all(isinstance(name, str) and name for name in names):
            return False
        subjects = [self._at(tuple(name.split(".")), scope) for name in names]
        if any(subject is None or subject.keys in LISTS for subject in subjects):
            return False
        self._asked.questions += [(subject.keys, Question(_anything)) for subject in subjects if subject]
        return True

    def _atom(self, logic: Any, name: str, arguments: Sequence[Any], scope: Keys) -> bool:
        """Take in what an operation on one value asks; say whether it can be described."""
        if name == "in" and len(arguments) == 2 and self._in_list_of_texts(arguments, scope):
            return True
        found = self._boundaries(name, arguments, scope)
        if found is None:
            return False
        subject, boundaries = found
        evaluate = compile_logic(logic, accounts=self._accounts)

        def test(value: Any) -> bool:
            return truthy(evaluate(subject.data(value), self._now))

        # a directory has many accounts, and each proof about this part asks for all of them
        known = cache(test) if subject.made == "account" else test
        self._asked.questions.append((subject.keys, Question(known, boundaries)))
        return True

    def _in_list_of_texts(self, arguments: Sequence[Any], scope: Keys) -> bool:
        """Take in `{"in": ["x", {"var": "Types"}]}`: whether a list of texts has an element."""
        word, keys = arguments[0], var_keys(arguments[1])
        path = (*scope, *keys) if keys else None
        if not isinstance(word, str) or path not in LISTS or self._lists_between(scope, path or ()):
            return False
        if not _holds_texts(path or ()):
            return False
        self._asked.elements[path or ()] += 1
        self._asked.questions.append(
            (path or (), Question(lambda v: bool(v == word), Boundaries(frozenset((word,)))))
        )
        return True

    def _boundaries(
        self, name: str, arguments: Sequence[Any], scope: Keys
    ) -> tuple[_Subject, Boundaries] | None:
        if name in ("var", "get", "account"):
            subject = self._subject({name: list(arguments)}, scope)
            boundaries = None if subject is None else _boundaries_of_truth(subject, self._accounts)
            return (subject, boundaries) if subject and boundaries else None
        subjects = [(index, self._subject(one, scope)) for index, one in enumerate(arguments)]
        known = [(index, subject) for index, subject in subjects if subject is not None]
        others = [one for index, one in enumerate(arguments) if subjects[index][1] is None]
        if len(known) != 1 or any(_has_operation(one) for one in others):
            return None
        position, subject = known[0]
        boundaries = self._boundaries_of(name, subject, position, others)
        return None if boundaries is None else (subject, boundaries)

    def _boundaries_of(
        self, name: str, subject: _Subject, position: int, others: list[Any]
    ) -> Boundaries | None:
        if subject.made == "account":
            return Boundaries(words=frozenset(self._accounts)) if name in _ON_ACCOUNTS else None
        if subject.made == "age":
            return self._boundaries_of_age(name, others)
        kind = _kind(subject.keys)
        if name in _ORDERS:
            return _numbers(others) if kind == "number" and subject.made == "plain" else None
        if name in _EQUALITIES:
            return _boundaries_of_equality(kind, subject, others, loose=len(name) == 2)
        if name in ("before", "after") and subject.made == "plain":
            moment = parse_timestamp(others[0])
            return None if moment is None else Boundaries(moments=(moment,))
        if name == "cidr" and subject.made == "plain":
            networks = others[0] if isinstance(others[0], list) else [others[0]]
            return Boundaries(networks=tuple(networks))
        return _boundaries_of_texts(name, subject, position, others)

    def _boundaries_of_age(self, name: str, others: Sequence[Any]) -> Boundaries | None:
        if name not in _ORDERS or not all(is_number(one) and abs(one) < _MOST_DAYS for one in others):
            return None
        moments = [self._now - one * SECONDS_A_DAY for one in others]
        # what is compared must have this very age, or a proof would not hold at another time of day
        if any((self._now - at) / SECONDS_A_DAY != one for at, one in zip(moments, others, strict=True)):
            return None
        return None if any(at * 1000 % 1 for at in moments) else Boundaries(ages=tuple(moments))

    def _subject(self, logic: Any, scope: Keys) -> _Subject | None:
        if not isinstance(logic, dict) or len(logic) != 1:
            return None
        name, arguments = split_operation(logic)
        if name == "account":
            return _Subject(ACCOUNT, "account", lambda value: {ACCOUNT[0]: value})
        if name in ("lower", "age_days"):
            inner = self._subject(arguments[0], scope)
            if inner is None or (name == "age_days" and _has_default(arguments[0])):
                return None  # the age of a fixed moment grows, while the age of no moment is none
            made = "lower" if name == "lower" else "age"
            return _Subject(inner.keys, made, inner.data) if inner.made == "plain" else None
        if name == "get" and isinstance(arguments[1], str):
            keys = var_keys(arguments[0])
            return self._at((*keys, arguments[1]), scope) if keys else None
        keys = var_keys({"var": arguments[:1]}) if name == "var" else None
        if keys is None or any(_has_operation(one) for one in arguments):
            return None
        if not keys:
            return _Subject(scope, "plain", lambda value: value) if scope and _holds_texts(scope) else None
        return self._at(keys, scope)

    def _at(self, keys: Keys, scope: Keys) -> _Subject | None:
        """Return the value at a path; None if the path leads to an object, a list, or through a list."""
        steps = _steps(keys, scope)
        if steps is None:
            return None
        names = (*scope, *(key for key, position in steps if position is None))
        if _kind(names) == "object" or (names in LISTS and steps[-1][1] is None):
            return None
        if _is_below_a_value(names):  # texts have a length, and characters at positions
            return None
        for path, position in _positions(steps, scope):
            self._asked.positions[path] = max(self._asked.positions[path], position + 1)
        return _Subject(names, "plain", lambda value: _nested(steps, value))


def _anything(_value: Any) -> bool:
    return True


_Steps: TypeAlias = Sequence[tuple[str, int | None]]
"""The names and positions of a path: ("Resources", None), ("0", 0), ("Type", None)."""

MOST_POSITIONS = 50


def _steps(keys: Keys, scope: Keys) -> _Steps | None:
    """Tell names from positions on a path below a scope; None if it leads through a list without one."""
    steps: list[tuple[str, int | None]] = []
    names, in_list = scope, False
    for key in keys:
        if not in_list:
            names = (*names, key)
            steps.append((key, None))
        elif not key.isdecimal() or str(int(key)) != key or int(key) > MOST_POSITIONS:
            return None
        else:
            steps.append((key, int(key)))
        in_list = not in_list and names in LISTS
    return steps


def _positions(steps: _Steps, scope: Keys) -> Iterator[tuple[Keys, int]]:
    """Yield each list that a path leads into, with the position there."""
    names = scope
    for key, position in steps:
        if position is None:
            names = (*names, key)
        else:
            yield names, position


def _nested(keys: _Steps, value: Any) -> Any:
    """Return data in which a path leads to a value."""
    for key, position in reversed(keys):
        value = {key: value} if position is None else [None] * position + [value]
    return value


def _has_default(var: Any) -> bool:
    return len(split_operation(var)[1]) > 1


def _has_operation(logic: Any) -> bool:
    if isinstance(logic, list):
        return any(_has_operation(one) for one in logic)
    return isinstance(logic, dict) and bool(logic)


def _kind(keys: Keys) -> str:
    found = look_up(keys)
    return found.kind if isinstance(found, AsffField) else "unknown"


def _is_below_a_value(keys: Keys) -> bool:
    found = look_up(keys)
    if any(key.isdecimal() and keys[:at] in LISTS for at, key in enumerate(keys)):
        return True  # a number that is no position, such as of a character in a text of a list
    return isinstance(found, UnknownPath) and found.below


def _holds_texts(keys: Keys) -> bool:
    return _kind(keys) == "text"


_MOST_DAYS = 10**7
_ORDERS = frozenset(("<", "<=", ">", ">="))
_EQUALITIES = frozenset(("==", "===", "!=", "!=="))
_ON_ACCOUNTS = _EQUALITIES | _ORDERS | {"in", "in_list", "starts_with", "ends_with", "glob", "regex"}


def _boundaries_of_truth(subject: _Subject, accounts: Accounts) -> Boundaries | None:
    if subject.made == "account":
        return Boundaries(words=frozenset(accounts))
    return Boundaries(numbers=(0.0,)) if subject.made == "plain" else None


def _numbers(values: Sequence[Any]) -> Boundaries | None:
    numbers = [to_number(value) for value in values if not isinstance(value, list | dict)]
    return Boundaries(numbers=tuple(numbers)) if len(numbers) == len(values) else None


def _boundaries_of_equality(
    kind: str, subject: _Subject, others: Sequence[Any], *, loose: bool
) -> Boundaries | None:
    (other,) = others
    if isinstance(other, list | dict) or (kind == "unknown" and loose and not isinstance(other, str)):
        return None
    if kind == "text" and loose and isinstance(other, int | float):
        return None  # a text becomes a number here, in many ways of writing
    words = frozenset((other,)) if isinstance(other, str) else frozenset[str]()
    if subject.made == "lower":
        return _lowered(exactly(other)) if isinstance(other, str) else Boundaries()
    if kind == "text":
        return Boundaries(words=words)
    return Boundaries(words=words, numbers=() if other is None else (to_number(other),))


def _lowered(pattern: TextPattern) -> Boundaries | None:
    found = lowered(pattern)
    return None if found is None else Boundaries(patterns=(found,))


_PATTERNS: Mapping[str, Callable[[str], TextPattern]] = {
    "starts_with": beginning,
    "ends_with": ending,
    "glob": lambda text: with_stars(text, single=True),
    "in": containing,
}


def _boundaries_of_texts(name: str, subject: _Subject, position: int, others: list[Any]) -> Boundaries | None:
    """Return the boundaries of a test of texts: membership in a list, a part, a beginning, an end, a form."""
    if name in ("in", "in_list") and position == 0 and isinstance(others[0], list):
        return _boundaries_of_membership(subject, others[0])
    if name == "regex" and position == 0:
        return _boundaries_of_expression(subject, others[0])
    if name not in _PATTERNS or position != (1 if name == "in" else 0) or not isinstance(others[0], str):
        return None
    if name == "in" and _kind(subject.keys) != "text":
        return None
    pattern = _PATTERNS[name](others[0])
    return _lowered(pattern) if subject.made == "lower" else Boundaries(patterns=(pattern,))


def _boundaries_of_expression(subject: _Subject, expression: Any) -> Boundaries | None:
    forms = forms_of(expression) if isinstance(expression, str) else None
    if forms is None or subject.made != "lower":
        return None if forms is None else Boundaries(patterns=forms)
    found = [lowered(form) for form in forms]
    patterns = tuple(one for one in found if one is not None)
    return Boundaries(patterns=patterns) if len(patterns) == len(found) else None


def _boundaries_of_membership(subject: _Subject, values: Sequence[Any]) -> Boundaries | None:
    words = [value for value in values if isinstance(value, str)]
    if subject.made != "lower":
        numbers = tuple(value for value in values if is_number(value))
        return Boundaries(words=frozenset(words), numbers=numbers)
    boundaries = Boundaries()
    for word in words:
        one = _lowered(exactly(word))
        if one is None:
            return None
        boundaries = boundaries.with_(one)
    return boundaries
