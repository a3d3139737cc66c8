"""Whether Security Hub's own automation rules set what our rules set."""

from collections.abc import Iterator, Sequence

from hubtriage.authoring.importers.outcome import Refusal
from hubtriage.authoring.overlap import NativeRules, Overlap, overlaps, read_natives
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Status, Verdict, worst

MOST_TOLD = 20
_ADVICE = (
    "let one of both set a field: delete the automation rule (`hubtriage import` translates it), or narrow "
    "one of them"
)


def look(account: Account) -> Verdict:
    """AWS: automation rules run again on every import, and so undo what triage did."""
    if not account.natives:
        return Verdict("ok", "Security Hub has none")
    natives = read_natives(account.natives)
    findings = account.findings
    found = overlaps(natives, account.loaded, findings, account.settings, account.clock.now())
    told = [one for one in found if one.findings or one.differs]
    return judge(natives, told, len(account.natives), len(findings))


def judge(natives: NativeRules, found: Sequence[Overlap], rules: int, looked_at: int) -> Verdict:
    """The verdict on the overlaps that matter, with how many rules there are and findings were looked at."""
    unknown: Status = "unchecked" if natives.refusals else "ok"
    status = worst(unknown, *map(_status, found))
    details = (*map(text, found[:MOST_TOLD]), *_more(found), *map(_refused, natives.refusals))
    count = (
        f"{rules} ({len(natives.names) + len(natives.refusals)} enabled), {looked_at:,} findings looked at"
    )
    if found:
        seen = f"{count}: {len({(one.native, one.rule) for one in found})} overlap with rules of ours"
    else:
        seen = f"{count}: none sets what a rule of ours sets"
    advice = _ADVICE if found else "compare what could not be translated by hand" if natives.refusals else ""
    data = {"overlaps": [one.as_record() for one in found], "rules": rules, "findings": looked_at}
    return Verdict(status, seen, advice, details, data)


def _status(overlap: Overlap) -> Status:
    return "problem" if overlap.differing else "warning"


def text(overlap: Overlap) -> str:
    """An overlap on one line."""
    both = f"{overlap.field}: the automation rule {overlap.native!r} and {overlap.rule}"
    if not overlap.findings:
        return f"{both} may differ; no finding was seen on which both set it"
    how = f"{overlap.differing:,} to different values" if overlap.differing else "to the same value"
    findings = "1 finding" if overlap.findings == 1 else f"{overlap.findings:,} findings"
    return f"{both} both set it on {findings}, {how}, such as {overlap.example}"


def _more(found: Sequence[Overlap]) -> Iterator[str]:
    if len(found) > MOST_TOLD:
        yield f"and {len(found) - MOST_TOLD} more: see --json"


def _refused(refusal: Refusal) -> str:
    return f"the automation rule {refusal.rule!r} cannot be compared: {refusal.reason}"
