"""Whether findings carry the memory of stacks that this one does not know, or have lost that of this one."""

from collections import Counter
from collections.abc import Iterable

from hubtriage.aws.securityhub.api import Finding
from hubtriage.aws.securityhub.reading import PAGE
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, counted
from hubtriage.engine.fields import MANAGED_KEY, OUR_AUTHOR, is_our_note, user_fields


def look(account: Account) -> Verdict:
    """The newest findings, and those with a note of some hubtriage but without the memory of this stack."""
    with_note = account.read(
        {
            "NoteUpdatedBy": [{"Value": OUR_AUTHOR, "Comparison": "PREFIX"}],
            "UserDefinedFields": [{"Key": MANAGED_KEY, "Value": account.stack, "Comparison": "NOT_EQUALS"}],
        },
        PAGE,
    )
    return judge([*account.findings, *with_note], account.stack, account.known_stacks)


def judge(findings: Iterable[Finding], stack: str, known: frozenset[str]) -> Verdict:
    """The verdict on findings, some of which may come twice."""
    each = {(str(one.get("ProductArn")), str(one.get("Id"))): one for one in findings}.values()
    owners = Counter(owner for one in each if isinstance(owner := user_fields(one).get(MANAGED_KEY), str))
    lost = sum(MANAGED_KEY not in user_fields(one) and is_our_note(one) for one in each)
    others = {name: count for name, count in owners.most_common() if name != stack}
    unknown = [name for name in others if name not in known]
    data = {"stacks": dict(owners), "memos_lost": lost}
    if unknown:
        return Verdict(
            "problem",
            f"findings carry the memory of {_told(others)}; this one does not know {', '.join(unknown)}",
            "name it in the setting known-stacks; if this stack had that name: hubtriage sweep --adopt NAME",
            data=data,
        )
    if lost:
        return Verdict(
            "warning",
            f"notes of triage without its memory: {lost:,}; another tool replaces UserDefinedFields",
            "have that tool keep the keys that it does not know; triage leaves these findings alone",
            data=data,
        )
    if others:
        return Verdict("ok", f"{_told(others)}, which this one knows", data=data)
    return Verdict("ok", f"none on {counted(len(each), 'finding')} looked at", data=data)


def _told(others: dict[str, int]) -> str:
    return ", ".join(f"{name} ({counted(count, 'finding')})" for name, count in others.items())
