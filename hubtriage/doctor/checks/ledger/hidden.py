"""Check whether triage keeps findings hidden that no rule hides.

Such a finding should have been reopened: by the next event, by the sweep after a deployment, or by the daily
one. The check decides on it as triage would, with the ledger's entry and the deployed rules.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.ledger.calls import batches
from hubtriage.aws.ledger.item import hash_of
from hubtriage.aws.ledger.table import KEY
from hubtriage.aws.securityhub.api import CSPM, Finding, Key, key_of
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.doctor.account import Account
from hubtriage.doctor.refusal import POLICY, REFUSALS, refused
from hubtriage.doctor.sample import MOST_ENTRIES
from hubtriage.doctor.verdict import Flaw, UncheckedError, Verdict, counted, flawed, some_of
from hubtriage.engine.fields import HIDING_STATUSES, OUR_AUTHOR, SEVERITY, WORKFLOW
from hubtriage.engine.planning.entry import Claim, Entry, stored
from hubtriage.engine.planning.plan import Reasoning, Settings, reason
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.simulation.exported import seems_ours

HIDING_FIELDS = (WORKFLOW, SEVERITY)
JUST_ENDED = 15 * 60.0
"""Seconds for which a rule that has ended counts: the sweep begins within five minutes of it."""
JUST_CHANGED = 15 * 60.0
"""Seconds for which the event of a change may be under way."""
_BATCH = 100  # AWS: keys of one BatchGetItem
_WITH_OUR_NOTE: Mapping[str, Any] = {
    "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
    "WorkflowStatus": [{"Value": status, "Comparison": "EQUALS"} for status in sorted(HIDING_STATUSES)],
    "NoteUpdatedBy": [{"Value": OUR_AUTHOR, "Comparison": "PREFIX"}],
}


@dataclass(slots=True)
class Hidden:
    """What was looked at, and what was found.

    `scope` says in words which entries were looked at, `looked_at` how many of their findings. `unexplained`
    are findings that triage hides and no rule does, each with the reason. `lost` are closed findings with a
    note of triage and without an entry, `no_notes` says why these could not be looked for. `gone` are entries
    whose finding is not there, `unread` findings that could not be read.
    """

    scope: str
    looked_at: int = 0
    unexplained: list[tuple[str, str]] = field(default_factory=list)
    gone: int = 0
    unread: list[CallFault] = field(default_factory=list)
    notes: int = 0
    lost: list[str] = field(default_factory=list)
    no_notes: Verdict | None = None


def look(account: Account) -> Verdict | None:
    """Decide on the findings that the sampled entries hide; look for notes without an entry."""
    if account.config is None:
        return None
    ruleset = _deployed_rules(account)
    hidden = Hidden(account.sample.scope)
    _look_at_entries(account, ruleset, account.config.engine_settings(), hidden)
    if CSPM in account.hubs:  # AWS: a comment of V2 has no author
        try:
            _look_at_notes(account, hidden)
        except REFUSALS as error:
            hidden.no_notes = refused(error)
    is_under_way = bool(hidden.unexplained) and _is_sweeping(account)
    return judge(hidden, is_under_way=is_under_way)


def _deployed_rules(account: Account) -> Ruleset:
    """Return the rules of the folder; raises UncheckedError if they are not the deployed ones."""
    if account.document["hash"] != account.deployed_hash:
        raise UncheckedError(
            f"the rules in {account.rules} are not the deployed ones, so what these hide is not known",
            "name the folder that was deployed with --rules",
        )
    return load_ruleset(account.document)


def _look_at_entries(account: Account, ruleset: Ruleset, settings: Settings, hidden: Hidden) -> None:
    wanted = {key: entry for key, entry in account.sample.entries if may_hide(entry)}
    for some in batches(wanted, _BATCH):
        fresh = account.reader.read(some, float("inf"))
        hidden.gone += len(fresh.missing)
        hidden.unread += fresh.unread.values()
        for key in fresh.found:
            hidden.looked_at += 1
            why = unexplained(fresh.found[key], wanted[key], ruleset, account.clock.now(), settings)
            if why is not None:
                hidden.unexplained.append((key[1], why))
        account.report(f"{hidden.looked_at:,} of {len(wanted):,} findings decided")


def may_hide(entry: Entry) -> bool:
    """Say whether triage may hide the finding. What an open intent does is not known, so that is left out."""
    if entry.intent is not None:
        return False
    status, severity = entry.claims.get(WORKFLOW), entry.claims.get(SEVERITY)
    closes = status is not None and not status.person and status.value in HIDING_STATUSES
    return closes or (severity is not None and not severity.person)


def unexplained(
    finding: Finding, entry: Entry, ruleset: Ruleset, now: float, settings: Settings
) -> str | None:
    """Return by which field triage hides the finding without a rule, and why; None if all is explained."""
    found = _unexplained(reason(finding, entry, ruleset, now, settings))
    if found is None or _is_on_its_way(finding, now):
        return None
    earlier = _unexplained(reason(finding, entry, ruleset, now - JUST_ENDED, settings))
    return found if earlier is not None else None


def _is_on_its_way(finding: Finding, now: float) -> bool:
    """Say whether the finding has just changed, so that its event may not be triaged yet."""
    changed = parse_timestamp(finding.get("ProcessedAt")) or parse_timestamp(finding.get("UpdatedAt"))
    return changed is not None and abs(now - changed) < JUST_CHANGED


def _unexplained(reasoning: Reasoning) -> str | None:
    for name in HIDING_FIELDS:
        claim, value = reasoning.claims.get(name), reasoning.finding.value(name)
        if (
            claim is not None
            and _holds(claim, value)
            and is_hiding(name, value, reasoning.baseline)
            and (why := _why_unexplained(name, claim, reasoning)) is not None
        ):
            return f"{name} {value}: {why}"
    return None


def _holds(claim: Claim, value: Any) -> bool:
    return not claim.person and stored(value) == claim.value


def _why_unexplained(name: str, claim: Claim, reasoning: Reasoning) -> str | None:
    """Return what would happen to a field that hides, if no rule hides by it."""
    _rule, proposal = reasoning.fold.proposals.get(name, (None, None))
    if name in reasoning.fold.held:
        return None
    if proposal is not None and is_hiding(name, proposal.value, reasoning.baseline):
        return None
    outcome = reasoning.outcomes.get(name)
    by = f"set by {claim.rule}" if claim.rule else "no rule wants it any more"
    if outcome is not None and outcome.change is not None:
        cause = f" ({outcome.change.cause})" if outcome.change.cause else ""
        return f"{by}{cause}"
    return f"{by}, and stays: {outcome.kept.why}" if outcome is not None and outcome.kept else None


def _look_at_notes(account: Account, hidden: Hidden) -> None:
    """Look for closed findings with a note of triage that the ledger knows nothing about."""
    most = MOST_ENTRIES if account.most_entries is not None else None
    found = account.read(_WITH_OUR_NOTE, 10**9 if most is None else most)
    noted = [key_of(finding) for finding in found if seems_ours(finding)]
    hidden.notes = len(noted)
    known = _known(account, noted)
    hidden.lost += [key[1] for key in noted if hash_of(key) not in known]


def _known(account: Account, keys: Iterable[Key]) -> set[str]:
    """Return which of the hashes have an item. AWS: what one answer leaves out is asked for again."""
    tables, table = account.client("dynamodb"), account.ledger_table
    known: set[str] = set()
    for some in batches(dict.fromkeys(map(hash_of, keys)), _BATCH):
        request: Any = {
            table: {
                "Keys": [{KEY: {"S": hashed}} for hashed in some],
                "ConsistentRead": True,
                "ProjectionExpression": KEY,
            }
        }
        while request:
            answer = tables.batch_get_item(RequestItems=request)
            known |= {item[KEY]["S"] for item in answer["Responses"].get(table, ())}
            request = answer.get("UnprocessedKeys")
    return known


def _is_sweeping(account: Account) -> bool:
    """Say whether a sweep is under way: what it finds is reopened by it."""
    machine = account.deployed.output("SweepArn") if account.deployed else ""
    states = account.client("stepfunctions")
    running = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)
    return bool(running["executions"])


def judge(hidden: Hidden, *, is_under_way: bool = False) -> Verdict:
    """Return the verdict; `is_under_way`: a sweep is, which reopens what should not be hidden."""
    data = {
        "findings": hidden.looked_at,
        "unexplained": len(hidden.unexplained),
        "gone": hidden.gone,
        "notes": hidden.notes,
        "without_entry": len(hidden.lost),
    }
    fine = f"{hidden.scope}: {_explained(hidden.looked_at)}"
    details = (
        *some_of([f"{finding}: {why}" for finding, why in hidden.unexplained]),
        *some_of([f"{finding}: no entry" for finding in hidden.lost]),
        *some_of(sorted({f"{fault.code}: {fault.message}" for fault in hidden.unread}), 3),
    )
    return flawed(_flaws(hidden, is_under_way), Verdict("ok", fine, details=details, data=data), hidden.scope)


def _explained(count: int) -> str:
    """Say that all is well with so many findings."""
    if not count:
        return "triage hides none of their findings"
    return "a rule hides " + (
        "the 1 finding that triage hides" if count == 1 else f"each of {count:,} findings"
    )


def _flaws(hidden: Hidden, is_under_way: bool) -> Iterator[Flaw]:
    if hidden.unexplained:
        yield Flaw(
            "warning" if is_under_way else "problem",
            f"{counted(len(hidden.unexplained), 'finding')} hidden by triage, although no rule hides them",
            "wait for the end of the sweep that is under way, then look again"
            if is_under_way
            else "hubtriage sweep reopens them; for what stays, hubtriage why FINDING-ID says why",
        )
    if hidden.lost:
        yield Flaw(
            "warning",
            f"{counted(len(hidden.lost), 'closed finding')} with a note of triage, but without an entry: "
            "they stay hidden, as if a person had closed them",
            "see docs/operating.md, Restoring the ledger; or reopen them by hand",
        )
    if hidden.unread:
        is_denied = any(fault.kind is Fault.DENIED for fault in hidden.unread)
        advice = f"allow securityhub:GetFindings: {POLICY}" if is_denied else "run it again"
        yield Flaw("unchecked", f"{counted(len(hidden.unread), 'finding')} could not be read", advice)
    if hidden.no_notes is not None:
        seen = f"findings with a note of triage were not looked for: {hidden.no_notes.seen}"
        yield Flaw("unchecked", seen, hidden.no_notes.advice)
