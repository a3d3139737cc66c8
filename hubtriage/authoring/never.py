"""Fields that a deployer never lets triage set, whatever the rules say."""

from collections.abc import Iterable, Iterator

from hubtriage.authoring.loader import LoadedRule
from hubtriage.authoring.problems import Problem
from hubtriage.engine.fields import FIELDS
from hubtriage.engine.text.suggestions import did_you_mean

SETTABLE_FIELDS = tuple(FIELDS)
"""What can be named: each is also the leaf path by which IAM knows the field."""


class UnknownFieldError(ValueError):
    """A name that is no field that triage could set; the message says what was meant."""

    def __init__(self, name: str) -> None:
        hint = did_you_mean(name, SETTABLE_FIELDS)
        super().__init__(f"triage sets no field {name!r}; {hint}" if hint else f"no field {name!r}")


def check_names(never: Iterable[str]) -> tuple[str, ...]:
    """The names as they are, sorted, each once; raises UnknownFieldError at the first that is none."""
    names = tuple(sorted(set(never)))
    for name in names:
        if name not in SETTABLE_FIELDS:
            raise UnknownFieldError(name)
    return names


def never_problems(rules: Iterable[LoadedRule], never: Iterable[str]) -> Iterator[Problem]:
    """A problem for every field of `never` that a rule in force, or in `observe`, would set."""
    for rule in rules:
        if rule.model.mode == "off":
            continue
        given = rule.model.update.model_fields_set
        for field in sorted(set(never)):
            if field.partition(".")[0] in given:
                yield _problem(rule, field)


def _problem(rule: LoadedRule, field: str) -> Problem:
    path = (*rule.path, "update", field.partition(".")[0])
    message = f"rule {rule.id!r} sets {field}, which this deployment never sets"
    hint = f"take it out of the rule, or take {field} out of the deployment's `never`"
    return rule.document.problem("E305", path, message, hint, key=True)
