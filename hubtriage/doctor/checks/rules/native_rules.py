"""Check whether Security Hub's own automation rules set what our rules set."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hubtriage.aws.securityhub.api import Finding
from hubtriage.aws.securityhub.faults import API_ERRORS, call_fault
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Status, UncheckedError, Verdict, counted, worst
from hubtriage.interop.automation_rule_overlap import (
    Overlap,
    TranslatedRules,
    overlaps,
    read_automation_rules,
)
from hubtriage.interop.importers.outcome import Refusal

MOST_SHOWN = 20
_ADVICE = (
    "let only one of them set a field: delete the automation rule (`hubtriage import` translates it), "
    "or narrow one of them"
)
_BY_HAND = "compare by hand what could not be translated"
_OFF = "InvalidAccessException"  # AWS: where Security Hub is off
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")


@dataclass(slots=True)
class ComparedRules:
    """What was compared: automation rules by Region, how many there are, and what could not be read."""

    findings: list[Finding]
    natives: dict[str, TranslatedRules] = field(default_factory=dict)
    rules: int = 0
    unread: list[str] = field(default_factory=list)


def look(account: Account) -> Verdict:
    """Compare the rules. AWS: an automation rule acts in its Region on every import, and so undoes triage."""
    compared = _findings(account)
    home = account.identity.region
    for region in sorted({home, *filter(_REGION.fullmatch, map(region_of, compared.findings))}):
        try:
            listed = account.natives_of(region)
        except API_ERRORS as error:
            fault = call_fault(error)
            if fault.code != _OFF or region == home:
                compared.unread.append(f"those of {region} could not be read: {fault.code}: {fault.message}")
            continue
        compared.rules += len(listed)
        compared.natives[region] = read_automation_rules(listed, region)
    return judge(compared, _found(account, compared))


def _findings(account: Account) -> ComparedRules:
    """Return the findings; without the permission to read them, compare criteria alone."""
    try:
        return ComparedRules(account.findings)
    except UncheckedError as error:
        return ComparedRules([], unread=[f"only criteria were compared: {error.reason}"])


def region_of(finding: Finding) -> str:
    """Return the Region of the finding."""
    return str(finding.get("Region"))


def _found(account: Account, compared: ComparedRules) -> list[Overlap]:
    """Return the overlaps that matter, the worst first."""
    now = account.clock.now()
    found = [
        one
        for region, natives in compared.natives.items()
        if natives.names
        for one in overlaps(natives, account.loaded, _of(compared, region), account.settings, now)
        if one.findings or one.differs
    ]
    return sorted(found, key=lambda one: (-one.differing, -one.findings))


def _of(compared: ComparedRules, region: str) -> list[Finding]:
    return [finding for finding in compared.findings if region_of(finding) == region]


def judge(compared: ComparedRules, found: Sequence[Overlap]) -> Verdict:
    """Return the verdict on the overlaps that matter."""
    refusals = [refusal for rules in compared.natives.values() for refusal in rules.refusals]
    enabled = sum(len(rules.names) for rules in compared.natives.values()) + len(refusals)
    unknown: Status = "unchecked" if refusals or compared.unread else "ok"
    details = (*map(text, found[:MOST_SHOWN]), *_more(found), *map(_refused, refusals), *compared.unread)
    advice = _ADVICE if found else _BY_HAND if refusals else ""
    data = {
        "overlaps": [one.as_record() for one in found],
        "rules": compared.rules,
        "findings": len(compared.findings),
    }
    return Verdict(
        worst(unknown, *map(_status, found)), _summary(compared, enabled, found), advice, details, data
    )


def _summary(compared: ComparedRules, enabled: int, found: Sequence[Overlap]) -> str:
    if not compared.rules and not compared.unread:
        return "Security Hub has none"
    looked_at = f"{enabled} in force, {counted(len(compared.findings), 'finding')} looked at"
    pairs = counted(len({(one.automation_rule, one.region, one.rule) for one in found}), "overlap")
    return f"{looked_at}: {pairs} with rules of yours" if found else f"{looked_at}: no overlap"


def _status(overlap: Overlap) -> Status:
    return "problem" if overlap.differing else "warning"


def text(overlap: Overlap) -> str:
    """Return an overlap as one line."""
    theirs = f"the automation rule {overlap.automation_rule!r} of {overlap.region}"
    both = f"{overlap.field}: {theirs} and {overlap.rule}"
    if not overlap.findings:
        return f"{both} may differ; no finding was seen on which both set it"
    how = f"{overlap.differing:,} to different values" if overlap.differing else "to the same value"
    return f"{both} both set it on {counted(overlap.findings, 'finding')}, {how}, such as {overlap.example}"


def _more(found: Sequence[Overlap]) -> Iterator[str]:
    if len(found) > MOST_SHOWN:
        yield f"and {len(found) - MOST_SHOWN} more: see --json"


def _refused(refusal: Refusal) -> str:
    return f"the automation rule {refusal.rule!r} cannot be compared: {refusal.reason}"
