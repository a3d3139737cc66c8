"""W304 and W305: exceptions so wide that they have to end by themselves."""

from collections.abc import Iterator

from hubtriage.authoring.asff.fields import Keys
from hubtriage.authoring.checks.linted_rule import Leaf, Subject, field_at
from hubtriage.authoring.problems import Problem
from hubtriage.engine.index.dnf import values_of

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
    if not subject.hides or subject.model.expires is not None or _uses_account(subject):
        return
    keys = set(_narrowing(subject))
    if keys <= _WIDE:
        products = any(key[0] in ("ProductArn", "ProductName", "CompanyName") for key in keys)
        what = "a whole product" if products else "a whole account" if keys else "everything"
        yield subject.problem(EVERYTHING, ("id",), f"hides {what} for ever", _HINT)


def _narrowing(subject: Subject) -> Iterator[Keys]:
    """What its conditions look at, without those of `match` that nearly every value satisfies."""
    yield from (leaf.keys for leaf in subject.leaves if not _takes_nearly_all(leaf))
    yield from (keys for keys, _place, is_key in subject.paths if not is_key)


def _takes_nearly_all(leaf: Leaf) -> bool:
    """Whether it takes every text, or of a field without a list of values every one but some."""
    values = values_of(alternative for alternative, _place in leaf.alternatives)
    field = field_at(leaf.keys)
    has_few = field is not None and bool(field.values)
    return values.other_texts and values.exact_texts and not (values.not_texts and has_few)


def _uses_account(subject: Subject) -> bool:
    return any(operation.name == "account" for operation in subject.operations)
