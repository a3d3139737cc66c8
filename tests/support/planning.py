"""What the planning tests share: small rule sets, findings and their entries, and what updates do to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hubtriage.engine.fields import user_fields
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Authors, Claim, Entry, LastChange
from hubtriage.engine.planning.plan import NOT_ASKED, NOTHING, LeftOut, Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset

NOW = 1_790_000_000.0
DAY = 86_400.0
PROVIDER = {"Severity": {"Label": "HIGH"}, "Types": ["TTPs/Discovery"]}

Finding = dict[str, Any]
Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A finding, and what the ledger knows of it."""

    found: Finding
    entry: Entry = NO_ENTRY

    def with_(self, **members: Any) -> "Known":
        """The finding after changes that are not ours; None removes a member."""
        return replace(self, found=_without_none({**self.found, **members}))

    def forgotten(self) -> "Known":
        """The finding after its entry was lost."""
        return replace(self, entry=NO_ENTRY)

    def claim(self, field: str) -> Claim:
        """The claim on a field."""
        return self.entry.claims[field]

    @property
    def status(self) -> str:
        """The finding's workflow status."""
        return str(self.found["Workflow"]["Status"])

    @property
    def severity(self) -> str:
        """The label of the finding's severity."""
        return str(self.found["Severity"]["Label"])


def ruleset(
    *rules: Rule, accounts: dict[str, Any] | None = None, policy: Sequence[dict[str, Any]] = ()
) -> Ruleset:
    """A rule set; a rule without a condition matches everything, one without id is called `rule`.

    Its rules may hide the HIGH finding below, unless they name another ceiling.
    """
    full = [{"id": "rule", "ceiling": "HIGH", **rule} for rule in rules]
    full = [rule if "match" in rule or "when" in rule else {"when": True, **rule} for rule in full]
    shared = {"accounts": accounts or {}, "zones": {"UTC": [[0, 0]]}, "policy": policy}
    return load_ruleset({"format": 1, "hash": "0" * 16, "rules": full, **shared})


def finding(**members: Any) -> Finding:
    """A finding as Security Hub sends it, with members laid over it; None removes one."""
    whole = {
        "Id": "f-1",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "AwsAccountId": "111122223333",
        "Severity": {"Label": "HIGH", "Normalized": 70},
        "Types": ["TTPs/Discovery"],
        "Workflow": {"Status": "NEW"},
        "VerificationState": "UNKNOWN",
        "RecordState": "ACTIVE",
        "FindingProviderFields": PROVIDER,
        **members,
    }
    return _without_none(whole)


def plan(
    about: Known | Finding,
    *rules: Rule,
    now: float = NOW,
    authors: Authors = NOT_ASKED,
    left_out: LeftOut = NOTHING,
    handed_back: float | None = None,
    accounts: dict[str, Any] | None = None,
    policy: Sequence[dict[str, Any]] = (),
    **settings: Any,
) -> Decision:
    """Decide about one finding by these rules. A finding alone is one that the ledger does not know."""
    known = _known(about)
    return decide(
        known.found,
        known.entry,
        ruleset(*rules, accounts=accounts, policy=policy),
        now,
        Settings(**settings),
        authors=authors,
        left_out=left_out,
        handed_back=handed_back,
    )


def after(about: Known | Finding, *rules: Rule, now: float = NOW, **options: Any) -> Known:
    """The finding and its entry once these rules have been applied."""
    decision = plan(about, *rules, now=now, **options)
    return happened(about, decision, now, options.get("udf", "replace"))


def happened(about: Known | Finding, decision: Decision, now: float = NOW, udf: str = "replace") -> Known:
    """The finding and its entry once the decision has been carried out and confirmed."""
    found, entry = _known(about).found, decision.after
    if decision.update is not None:
        entry = replace(entry, version=entry.version + 1, started=now, ended=now)
    return Known(applied(found, decision, udf), entry)


def applied(found: Finding, decision: Decision, udf: str = "replace") -> Finding:
    """The finding after the decision's update."""
    update = dict(decision.update or {})
    fields = update.pop("UserDefinedFields", None)
    result = {**found, **update}
    if fields is not None:
        result["UserDefinedFields"] = {**user_fields(found), **fields} if udf == "merge" else fields
    return result


def by(author: Any, value: Any, time: float = NOW) -> LastChange:
    """What the history says of a field: who has set it last, and to what."""
    return LastChange(author, value, time)


def _known(about: Known | Finding) -> Known:
    return about if isinstance(about, Known) else Known(about)


def _without_none(members: Finding) -> Finding:
    return {name: value for name, value in members.items() if value is not None}
