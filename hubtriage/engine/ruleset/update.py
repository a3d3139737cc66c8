"""What a rule's `update` proposes for one finding: a value per field.

Most proposals are the same for every finding and are made once, on loading. Those that look at the finding
(a template with a finding's value, `AtMost`/`AtLeast`, `Types` with `Add`/`Remove`) are made per
finding, from its baseline.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.engine.fields import (
    FIELDS,
    HIDING_STATUSES,
    LABEL_RANK,
    NOTE,
    OUR_AUTHOR,
    SEVERITIES,
    SEVERITY,
    SEVERITY_RANK,
    TYPES,
    UNRANKED,
    WORKFLOW,
    ParsedFinding,
    Value,
    has_passed,
    severity_label,
    user_field,
)
from hubtriage.engine.ruleset.owner import Accounts
from hubtriage.engine.ruleset.templates import NOTE_LIMIT, USER_FIELD_LIMIT, compile_text, is_per_finding

MOST_TYPES = 50  # AWS: of one finding


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value that a rule wants a field to have; `payload` is the member to send for it."""

    field: str
    value: Value
    payload: Any


WHY_DROPPED = {
    SEVERITY: "the finding has no severity that could be lowered",
    TYPES: "no type would be left, and AWS takes no empty list",
    WORKFLOW: "the service has resolved it, because the control passed",
}
"""The fields whose proposal may make no sense for a finding, each with its only reason."""

_NO_FINDING = ParsedFinding({})  # constant proposals look at none
Proposer = Callable[[ParsedFinding], Proposal | None]


@dataclass(frozen=True, slots=True)
class Proposals:
    """A rule's proposals: the constant ones, and those made per finding. `fields` names all of them."""

    constant: tuple[Proposal, ...]
    per_finding: tuple[Proposer, ...]
    fields: tuple[str, ...]

    def of(self, baseline: ParsedFinding) -> Iterator[Proposal]:
        """Yield the proposals for one finding, without those that make no sense for it."""
        yield from self.constant
        for make in self.per_finding:
            proposal = make(baseline)
            if proposal is not None:
                yield proposal

    def dropped(self, baseline: ParsedFinding) -> dict[str, str]:
        """Return by field why a proposal makes no sense for one finding."""
        proposed = {
            proposal.field
            for proposal in self.of(baseline)
            if not opens_what_passed(proposal.field, proposal.value, baseline)
        }
        return {name: WHY_DROPPED[name] for name in self.fields if name not in proposed}


def opens_what_passed(field: str, value: Value, baseline: ParsedFinding) -> bool:
    """Say whether a value would open a finding that the service itself has resolved.

    AWS: it does so when a control passes, and resets it when the control fails again. So no one has to look
    at it, and a rule that sets NOTIFIED means the time after that.
    """
    return (
        field == WORKFLOW
        and value not in HIDING_STATUSES
        and baseline.value(WORKFLOW) == "RESOLVED"
        and has_passed(baseline.raw)
    )


def compile_update(update: Mapping[str, Any], rule: Mapping[str, Any], accounts: Accounts) -> Proposals:
    """Compile a rule's `update`; `rule` and the account directory have the values that templates may name."""
    constant: list[Proposal] = []
    per_finding: list[Proposer] = []
    fields: list[str] = []
    for name, proposer, varies in _proposers(update, rule, accounts):
        fields.append(name)
        proposal = None if varies else proposer(_NO_FINDING)
        per_finding.append(proposer) if proposal is None else constant.append(proposal)
    return Proposals(tuple(constant), tuple(per_finding), tuple(fields))


def _proposers(
    update: Mapping[str, Any], rule: Mapping[str, Any], accounts: Accounts
) -> Iterator[tuple[str, Proposer, bool]]:
    """Yield (field, proposer, whether it looks at the finding) for each field of an update."""
    for member, raw in update.items():
        if member == "UserDefinedFields":
            for key, text in raw.items():
                yield user_field(key), _user_proposer(key, text, rule, accounts), is_per_finding(text, rule)
        elif member == "Note":
            yield NOTE, _note_proposer(raw, rule, accounts), is_per_finding(raw["Text"], rule)
        elif member == "Severity":
            yield SEVERITY, _severity_proposer(raw), "AtMost" in raw or "AtLeast" in raw
        elif member == TYPES and isinstance(raw, Mapping):
            yield TYPES, _types_proposer(raw), True
        else:
            name = "Workflow.Status" if member == "Workflow" else member
            yield name, _plain_proposer(name, raw), False


def _plain_proposer(name: str, raw: Any) -> Proposer:
    proposal = Proposal(name, FIELDS[name].read(raw), raw)
    return lambda _finding: proposal


def _user_proposer(key: str, text: str, rule: Mapping[str, Any], accounts: Accounts) -> Proposer:
    render = compile_text(text, rule, USER_FIELD_LIMIT, accounts)

    def proposal(finding: ParsedFinding) -> Proposal:
        value = render(finding.raw)
        return Proposal(user_field(key), value, value)

    return proposal


def _note_proposer(raw: Mapping[str, str], rule: Mapping[str, Any], accounts: Accounts) -> Proposer:
    render = compile_text(raw["Text"], rule, NOTE_LIMIT, accounts)
    author = raw.get("UpdatedBy") or f"{OUR_AUTHOR}/{rule['id']}"

    def proposal(finding: ParsedFinding) -> Proposal:
        text = render(finding.raw)
        return Proposal(NOTE, text, {"Text": text, "UpdatedBy": author})

    return proposal


def _severity_proposer(raw: Mapping[str, Any]) -> Proposer:
    most, least = raw.get("AtMost"), raw.get("AtLeast")
    if most is None and least is None:
        proposal = Proposal(SEVERITY, severity_label(raw), dict(raw))
        return lambda _finding: proposal

    def clamp(baseline: ParsedFinding) -> Proposal | None:
        """Bring the baseline's label within the bounds; a finding without severity can only be raised."""
        label = baseline.value(SEVERITY)
        if label == UNRANKED and most is None:
            return None  # it is not known to be too low
        if label is None and least is None:
            return None
        rank = LABEL_RANK.get(label, 0)
        rank = max(rank, SEVERITY_RANK[least]) if least else rank
        rank = min(rank, SEVERITY_RANK[most]) if most else rank
        return Proposal(SEVERITY, SEVERITIES[rank], {"Label": SEVERITIES[rank]})

    return clamp


def _types_proposer(raw: Mapping[str, list[str]]) -> Proposer:
    added, removed = tuple(raw.get("Add", ())), frozenset(raw.get("Remove", ()))

    def edit(baseline: ParsedFinding) -> Proposal | None:
        """Remove and add types of the baseline; propose nothing if none is left, or too many (AWS: 1-50)."""
        kept = [item for item in baseline.value(TYPES) or () if item not in removed]
        types = tuple(dict.fromkeys([*kept, *added]))
        return Proposal(TYPES, types, list(types)) if 1 <= len(types) <= MOST_TYPES else None

    return edit
