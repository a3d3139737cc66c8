"""The memo: what triage did to a finding, written on the finding itself.

Three user-defined fields hold it. `hubtriage/managed` is the stack's name, `hubtriage/rules` names
the rules for people, and `hubtriage/memo` has one claim per field that we set:

    1 WS.k3Jd9x SL.k3Jd9x Nx7Hq2a.k3Jd9x Uab12cd=Qz81hA.k3Jd9x

After the version, each token is: the field's letter (for user keys `U`, the key's digest and `=`),
the value set (a letter, a number or a digest), `.`, the rule's digest, and rarely

    !2     a person holds the field: we were overruled, for the 2nd time
    ~2     we hold it again (a rule with `override`) after having been overruled twice
    ^PA    set while the control PASSED and the finding was ARCHIVED (Workflow only)
    -      the user key was left out of the map once already
    <...   the person's value that an override replaced (percent-encoded JSON)
    >...   the provider's value, where FindingProviderFields lacks it (likewise)

There is nothing in it that differs between findings with the same decision, or calls could not be
shared. A finding whose claims have all ended keeps a memo without claims.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from json import dumps, loads
from typing import Literal
from urllib.parse import quote, unquote

from hubtriage.engine.fields import (
    CONFIDENCE,
    CRITICALITY,
    FIELDS,
    MANAGED_KEY,
    MEMO_KEY,
    RELATED,
    TYPES,
    USER_PREFIX,
    WORKFLOW,
    ParsedFinding,
    Value,
    code,
    digest,
    is_our_note,
    position,
)

VERSION = "1"
MOST_OVERRULINGS = 3
_BY_DIGEST = USER_PREFIX + "\0"  # a user key of which only the digest is known
_NAMES = {field.letter: field.name for field in FIELDS.values()}
_TOKEN = re.compile(
    r"(?P<letter>[A-Z])(?:(?P<key>[\w-]{6})=)?(?P<code>[\w-]{1,6})\.(?P<rule>[\w-]{6})"
    r"(?P<overruled>[!~][1-9])?(?:\^(?P<closed_by>PA|P|A))?(?P<left>-)?"
    r"(?:<(?P<before>[^ <>]+))?(?:>(?P<provided>[^ <>]+))?",
    re.ASCII,
)

Kind = Literal["none", "ours", "foreign", "unknown", "unreadable", "lost"]


@dataclass(frozen=True, slots=True)
class Claim:
    """That triage set a field: the value's code, the rule's digest, and the rare extras."""

    code: str
    rule: str
    overruled: int = 0
    person: bool = False
    closed_by: str = ""
    left_out: bool = False
    before: Value = None
    provided: Value = None


Claims = Mapping[str, Claim]


class MemoError(ValueError):
    """A memo that we did not write: damaged or forged."""


def _pack(value: Value) -> str:
    return quote(dumps(value, separators=(",", ":"), ensure_ascii=False), safe="")


def _unpack(name: str, text: str | None) -> Value:
    """The value of an extra, checked as strictly as the field itself is read."""
    if text is None:
        return None
    raw = loads(unquote(text, errors="strict"))
    if name == RELATED:
        raw = [{"ProductArn": arn, "Id": key} for arn, key in raw]
    elif name in FIELDS and name not in (TYPES, CONFIDENCE, CRITICALITY):
        raw = FIELDS[name].write(raw)
    value = FIELDS[name].read(raw) if name in FIELDS else raw if isinstance(raw, str) else None
    if value is None or (name in FIELDS and "?" in code(name, value)):
        raise MemoError(f"{name} cannot have been {text}")
    return value


def _token(name: str, claim: Claim) -> str:
    parts = [
        f"U{name.removeprefix(_BY_DIGEST)}=" if name.startswith(USER_PREFIX) else FIELDS[name].letter,
        f"{claim.code}.{claim.rule}",
        f"{'!' if claim.person else '~'}{min(claim.overruled, 9)}" if claim.overruled else "",
        f"^{claim.closed_by}" if claim.closed_by else "",
        "-" if claim.left_out else "",
        f"<{_pack(claim.before)}" if claim.before is not None else "",
        f">{_pack(claim.provided)}" if claim.provided is not None else "",
    ]
    return "".join(parts)


def write_claims(claims: Claims) -> str:
    """The memo's text; user keys are named by digest."""
    named = {_digested(name): claim for name, claim in claims.items()}
    return " ".join([VERSION, *(_token(name, named[name]) for name in sorted(named, key=position))])


def growth(claims: Claims) -> int:
    """How many characters the memo may gain without a new claim or a new `<` or `>`: what reviewing and
    taking back may add to each claim.
    """
    return sum(_growth(name, claim) for name, claim in claims.items())


def _growth(name: str, claim: Claim) -> int:
    grows = 0 if claim.overruled else len("!1")
    if name == WORKFLOW:
        return grows + len("^PA") - len(f"^{claim.closed_by}" if claim.closed_by else "")
    if name in (CONFIDENCE, CRITICALITY):
        return grows + len("100") - len(claim.code)
    return grows + (name.startswith(USER_PREFIX) and not claim.left_out)


def _digested(name: str) -> str:
    if not name.startswith(USER_PREFIX) or name.startswith(_BY_DIGEST):
        return name
    return _BY_DIGEST + digest(name.removeprefix(USER_PREFIX))


def read_claims(text: str, keys: Iterable[str] = ()) -> dict[str, Claim]:
    """The claims of a memo's text; `keys` are the user keys that digests may stand for.

    A user key that is not among them is named by its digest, in a way that no key can be.
    Raises MemoError where the text is not one that `write_claims` makes.
    """
    return dict(_read_claims(text, tuple(keys)))


@lru_cache(maxsize=2048)
def _read_claims(text: str, keys: tuple[str, ...]) -> Mapping[str, Claim]:
    """Kept for a while: findings with the same decision have the same memo."""
    version, *tokens = text.split(" ")
    if version != VERSION:
        raise MemoError(f"memo version {version!r} is not {VERSION}")
    by_digest = {digest(key): key for key in keys} if " U" in text else {}
    claims = dict(_read_token(token, by_digest) for token in tokens)
    if len(claims) != len(tokens):
        raise MemoError("a field is claimed twice")
    return claims


def _read_token(token: str, keys: Mapping[str, str]) -> tuple[str, Claim]:
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise MemoError(f"not a claim: {token!r}")
    name = _name(found["letter"], found["key"], keys)
    overruled = found["overruled"] or ""
    try:
        before, provided = _unpack(name, found["before"]), _unpack(name, found["provided"])
    except (ValueError, TypeError, RecursionError) as error:
        raise MemoError(f"not a value in {token!r}: {error}") from error
    return name, Claim(
        code=found["code"],
        rule=found["rule"],
        overruled=int(overruled[1:] or 0),
        person=overruled.startswith("!"),
        closed_by=found["closed_by"] or "",
        left_out=found["left"] is not None,
        before=before,
        provided=provided,
    )


def _name(letter: str, key: str | None, keys: Mapping[str, str]) -> str:
    if letter == "U" and key is not None:
        return USER_PREFIX + keys[key] if key in keys else _BY_DIGEST + key
    if letter in _NAMES and key is None:
        return _NAMES[letter]
    raise MemoError(f"no field has the letter {letter!r}")


@dataclass(frozen=True, slots=True)
class Memo:
    """The memo as found on a finding: whose it is, and its claims where it is ours."""

    kind: Kind
    claims: Claims
    adopted: bool = False

    @property
    def hands_off(self) -> bool:
        """Another stack's finding, or one whose memo another tool has wiped."""
        return self.kind in ("foreign", "lost")


_NONE = Memo("none", {})


def read_memo(
    finding: ParsedFinding,
    stack: str,
    known_stacks: frozenset[str],
    keys: Iterable[str],
    adopts: str | None = None,
) -> Memo:
    """The finding's memo, judged. The memo of the stack `adopts` counts as ours, and is to be rewritten.

    `none`: not ours yet. `ours`. `foreign`: of another stack that is listed as known. `unknown`: of
    a name nobody listed; `unreadable`: damaged or forged; both count as no memo. `lost`: a note of
    ours without a memo, so another tool replaced the map.
    """
    fields = finding.user_fields()
    adopted = adopts is not None and fields.get(MANAGED_KEY) == adopts != stack
    stack = str(adopts) if adopted else stack
    memo = _judge(fields, stack, known_stacks, keys) if MANAGED_KEY in fields or MEMO_KEY in fields else _NONE
    if adopted and memo.kind == "ours":
        return Memo("ours", memo.claims, adopted=True)
    if memo.kind in ("none", "unknown", "unreadable") and is_our_note(finding.raw):
        return Memo("lost", {})
    return memo


def _judge(fields: Mapping[str, object], stack: str, known: frozenset[str], keys: Iterable[str]) -> Memo:
    managed, text = fields.get(MANAGED_KEY), fields.get(MEMO_KEY)
    if managed != stack:
        return Memo("foreign" if isinstance(managed, str) and managed in known else "unknown", {})
    if not isinstance(text, str):
        return Memo("unreadable", {})
    try:
        return Memo("ours", read_claims(text, [*fields, *keys]))
    except MemoError:
        return Memo("unreadable", {})
