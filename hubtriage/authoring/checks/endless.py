"""W304 and W305: exceptions so wide that they have to end by themselves."""

from collections.abc import Iterator

from hubtriage.authoring.checks.subject import Subject
from hubtriage.authoring.problems import Problem

CRITICAL, EVERYTHING = "W304", "W305"
_HINT = "write expires: with the day on which somebody has to look again"

# Conditions on these alone leave a whole product, account or Region.
_WIDE = {
    *(("ProductArn",), ("ProductName",), ("CompanyName",), ("AwsAccountId",), ("AwsAccountName",)),
    *(("Region",), ("RecordState",), ("Workflow", "Status"), ("Compliance", "Status")),
}


def check_critical(subject: Subject) -> Iterator[Problem]:
    """A rule without an end that may hide CRITICAL findings."""
    model = subject.model
    if model.ceiling == "CRITICAL" and subject.hides and model.expires is None:
        message = "hides CRITICAL findings for ever"
        yield subject.problem(CRITICAL, ("ceiling",), message, _HINT, key=True)


def check_everything(subject: Subject) -> Iterator[Problem]:
    """A rule without an end that hides all of a product, an account or a Region."""
    keys = {keys for keys, _place, _is_key in subject.paths}
    if subject.hides and subject.model.expires is None and keys <= _WIDE and not _uses_account(subject):
        products = any(key[0] in ("ProductArn", "ProductName", "CompanyName") for key in keys)
        what = "a whole product" if products else "a whole account" if keys else "everything"
        yield subject.problem(EVERYTHING, ("id",), f"hides {what} for ever", _HINT)


def _uses_account(subject: Subject) -> bool:
    return any(operation.name == "account" for operation in subject.operations)
