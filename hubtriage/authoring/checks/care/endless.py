"""W304, W305 and W316: exceptions that need an end, and one that comes."""

from collections.abc import Iterator

from hubtriage.asff.fields import Keys
from hubtriage.authoring.checks.care.nearly_everything import hides_nearly_everything
from hubtriage.authoring.checks.linted_rule import LintedRule, MatchField, field_at
from hubtriage.authoring.problems import Problem
from hubtriage.engine.index.from_match import values_of

CRITICAL, EVERYTHING, FAR = "W304", "W305", "W316"
_SECONDS_A_DAY = 86_400
_FAR_DAYS = 3 * 366  # who will still be there then, and know?
_HINT = "write expires: with the day of the next review"

# A rule with conditions on these alone takes a whole product, account or Region.
_WIDE = {
    *(("ProductArn",), ("ProductName",), ("CompanyName",), ("AwsAccountId",), ("AwsAccountName",)),
    *(("Region",), ("RecordState",), ("Workflow", "Status"), ("Compliance", "Status")),
}


def check_critical(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule without an end that may hide CRITICAL findings."""
    model = rule.model
    if model.ceiling == "CRITICAL" and rule.hides and model.expires is None:
        message = "hides CRITICAL findings forever"
        yield rule.problem(CRITICAL, ("ceiling",), message, _HINT, key=True)


def check_everything(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule without an end that hides all of a product, an account or a Region."""
    if not rule.hides or rule.model.expires is not None or _uses_account(rule):
        return
    if hides_nearly_everything(rule):
        return  # W315 says more
    keys = set(_narrowing(rule))
    if keys <= _WIDE:
        products = any(key[0] in ("ProductArn", "ProductName", "CompanyName") for key in keys)
        what = "a whole product" if products else "a whole account" if keys else "everything"
        yield rule.problem(EVERYTHING, ("id",), f"hides {what} forever", _HINT)


def check_far(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that hides until a day more than three years ahead, which is practically forever."""
    expires = rule.model.expires
    if expires is not None and rule.hides and expires.end - rule.now > _FAR_DAYS * _SECONDS_A_DAY:
        message = f"hides until {expires.text}, which is practically forever"
        yield rule.problem(FAR, ("expires",), message, "name a day within a year or two, and renew it then")


def _narrowing(rule: LintedRule) -> Iterator[Keys]:
    """Yield what the conditions look at, except fields of `match` that nearly every value satisfies."""
    yield from (match_field.keys for match_field in rule.match_fields if not _takes_nearly_all(match_field))
    yield from (keys for keys, _place, is_key in rule.paths if not is_key)


def _takes_nearly_all(match_field: MatchField) -> bool:
    """Say whether it takes every text; or, of a field without a fixed set of values, all but some."""
    values = values_of(match_field.values)
    field = field_at(match_field.keys)
    has_few = field is not None and bool(field.values)
    return values.other_texts and values.exact_texts and not (values.not_texts and has_few)


def _uses_account(rule: LintedRule) -> bool:
    return any(operation.name == "account" for operation in rule.operations)
