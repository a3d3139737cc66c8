"""Roles by which triage changed findings before its ledger was moved here, from another stack or account.

Histories of findings name the role that made an update. Without this, updates of the earlier role would be a
person's, and whatever a person changed afterwards would be judged wrongly. Who may write the ledger's table
may say whose updates were triage's: they could as well write the entries themselves.

One item of the table holds them, under a key that no finding has. An update counts as triage's only if it was
made before the move: from then on the earlier role is a stranger.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from json import dumps, loads
from math import inf
from typing import Any

from hubtriage.aws.ledger.calls import Answer, Calls
from hubtriage.aws.ledger.item import VERSION
from hubtriage.aws.ledger.lease import SKEW
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.ledger.table import KEY, NO_ENTRY_BEGINS
from hubtriage.aws.securityhub.faults import CallFault, Fault

FORMER_ROLES_KEY = f"{NO_ENTRY_BEGINS}former-roles"
FORMAT = 1
FRESH = 10.0
"""Seconds for which what was read is not asked for again. A command that adds a role waits that long."""
MESSAGE = "former roles"
"""The message of the log line with the roles that the function has read."""
_VALUE = "roles"
_MEMBERS = {"role", "until", "stack", "export"}


@dataclass(frozen=True, slots=True)
class FormerRole:
    """A role whose updates until a time (epoch seconds) are triage's own.

    `role` is its ARN, `stack` the stack that it was of. `export` names the export that brought it here.
    """

    role: str
    until: float
    stack: str
    export: str


class FormerRolesError(ValueError):
    """A text that `write_former_roles` cannot have written."""


@dataclass(frozen=True, slots=True)
class KnownRoles:
    """What the item holds, and its version; 0 if there is none."""

    roles: tuple[FormerRole, ...] = ()
    version: int = 0


def write_former_roles(roles: Iterable[FormerRole]) -> str:
    """Return the roles as one line of ASCII."""
    return dumps({"format": FORMAT, "roles": [asdict(role) for role in roles]}, separators=(",", ":"))


def read_former_roles(text: str) -> tuple[FormerRole, ...]:
    """Return the roles of a text. Raises FormerRolesError: whose updates were triage's is not guessed."""
    try:
        raw = loads(text)
    except (ValueError, RecursionError) as error:
        raise FormerRolesError(f"no JSON: {error}") from None
    if not isinstance(raw, dict) or raw.keys() != {"format", "roles"} or raw["format"] != FORMAT:
        raise FormerRolesError(f"not of the form {FORMAT} that this version reads")
    if not isinstance(raw["roles"], list):
        raise FormerRolesError("roles: a list was expected")
    return tuple(former_role(each) for each in raw["roles"])


def former_role(raw: Any) -> FormerRole:
    """Return the role of a JSON object. Raises FormerRolesError."""
    if not isinstance(raw, dict) or raw.keys() != _MEMBERS:
        raise FormerRolesError(f"a role has the members {', '.join(sorted(_MEMBERS))}")
    until = raw["until"]
    texts = (raw["role"], raw["stack"], raw["export"])
    if not all(isinstance(text, str) and text for text in texts):
        raise FormerRolesError("role, stack and export are texts")
    if not is_role(raw["role"]):
        raise FormerRolesError(f"{raw['role']!r} is no ARN of a role of IAM")
    if isinstance(until, bool) or not isinstance(until, int | float) or not 0 < until < inf:
        raise FormerRolesError(f"until: {until!r} is no time in seconds")
    return FormerRole(raw["role"], float(until), raw["stack"], raw["export"])


_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/(?!aws-reserved/)[\w+=,.@/-]*[\w+=,.@-]", re.ASCII)


def is_role(arn: str) -> bool:
    """Say whether a text is the ARN of a role that a function may have.

    A user, an account, or a role by which people sign in would make people's work triage's. AWS: the path of
    the latter begins with `aws-reserved/`.
    """
    return _ROLE.fullmatch(arn) is not None


class TableRoles:
    """The item in the ledger's table; the function needs no other right for it than for entries."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def read(self, deadline: float = inf) -> KnownRoles | LedgerFault:
        """Read the roles, strongly consistent. `deadline`: monotonic; no call starts later."""
        wanted = {"Keys": [{KEY: {"S": FORMER_ROLES_KEY}}], "ConsistentRead": True}
        request = {"RequestItems": {self._calls.table: wanted}}
        answer = self._calls.call(self._calls.client.batch_get_item, request, self._is_whole, deadline)
        if isinstance(answer, LedgerFault):
            return answer
        items = answer["Responses"][self._calls.table]
        if not items:
            return KnownRoles()
        try:
            return KnownRoles(read_former_roles(items[0][_VALUE]["S"]), int(items[0][VERSION]["N"]))
        except (FormerRolesError, LookupError, TypeError, ValueError) as error:
            return self._damaged(error)

    def write(self, roles: Iterable[FormerRole], over: int, deadline: float = inf) -> LedgerFault | None:
        """Write the roles if the item has the version `over`, or for 0 is not there; return what failed."""
        values: list[Mapping[str, Any]] = [{"S": write_former_roles(roles)}, {"N": str(over + 1)}]
        key, table = {"S": FORMER_ROLES_KEY}, self._calls.table
        if over:
            statement = (
                f'UPDATE "{table}" SET "{_VALUE}"=? SET "{VERSION}"=?'  # noqa: S608 - names of ours
                f' WHERE "{KEY}"=? AND "{VERSION}"=?'
            )
            values += [key, {"N": str(over)}]
        else:
            statement = f"INSERT INTO \"{table}\" VALUE {{'{_VALUE}':?,'{VERSION}':?,'{KEY}':?}}"
            values.append(key)
        request = {"Statements": [{"Statement": statement, "Parameters": values}]}
        answer = self._calls.call(
            self._calls.client.batch_execute_statement, request, lambda told: "Responses" in told, deadline
        )
        if isinstance(answer, LedgerFault):
            return answer
        error = answer["Responses"][0].get("Error")
        if error is None:
            return None
        return self._calls.fault(str(error.get("Code")), f"the former roles: {error.get('Message')}")

    def _is_whole(self, answer: Answer) -> bool:
        return self._calls.table in answer.get("Responses", ())

    def _damaged(self, error: Exception) -> LedgerFault:
        message = f"table {self._calls.table}: the item {FORMER_ROLES_KEY} is damaged: {error}"
        return LedgerFault(LedgerFaultKind.DAMAGED, "FormerRolesError", message)


ReadFormerRoles = Callable[[float], KnownRoles | LedgerFault]
"""Gets a monotonic deadline."""


def no_former_roles(_deadline: float) -> KnownRoles:
    """Return what a ledger holds that was never moved."""
    return KnownRoles()


class RememberedRoles:
    """Former roles as they were read a moment ago, for `Authorship`.

    `now` is monotonic. `found` gets what the item holds each time the roles are others than before.
    """

    def __init__(
        self,
        read: ReadFormerRoles,
        now: Callable[[], float],
        found: Callable[[KnownRoles], object],
    ) -> None:
        self._read, self._now, self._found = read, now, found
        self._known: tuple[FormerRole, ...] = ()
        self._read_at = -inf

    def __call__(self, deadline: float) -> Mapping[str, float] | CallFault:
        """Return until when the updates of each role are triage's, or why that is not known.

        Silence would mean that there are none. So a finding whose history matters waits.
        """
        if self._now() - self._read_at >= FRESH:
            known = self._read(deadline)
            if isinstance(known, LedgerFault):
                return CallFault(Fault.TRANSIENT, known.code, known.message)
            if known.roles != self._known:
                self._found(known)
            self._known, self._read_at = known.roles, self._now()
        return until_when(self._known)


def until_when(roles: Iterable[FormerRole]) -> dict[str, float]:
    """Return, by its ARN, until when (epoch seconds) the updates of each role are triage's."""
    found: dict[str, float] = {}
    for each in roles:
        found[each.role] = max(found.get(each.role, 0.0), each.until + SKEW)
    return found
