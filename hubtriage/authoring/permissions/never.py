"""Check the fields that a deployment never lets triage set, whatever the rules say."""

from collections.abc import Iterable, Iterator

from hubtriage.authoring.loaded import LoadedRule
from hubtriage.authoring.problems import Problem
from hubtriage.engine.fields import FIELDS
from hubtriage.engine.text.suggestions import did_you_mean

SETTABLE_FIELDS = tuple(FIELDS)
"""The fields that can be named; each name is also the leaf path by which IAM knows the field."""


class UnknownFieldError(ValueError):
    """A name that is not a field that triage can set; the message suggests what was meant."""

    def __init__(self, name: str) -> None:
        hint = did_you_mean(name, SETTABLE_FIELDS)
        super().__init__(f"triage sets no field {name!r}; {hint}" if hint else f"no field {name!r}")


def check_names(never: Iterable[str]) -> tuple[str, ...]:
    """Return the names sorted, each once. Raise UnknownFieldError at the first unknown one."""
    names = tuple(sorted(set(never)))
    for name in names:
        if name not in SETTABLE_FIELDS:
            raise UnknownFieldError(name)
    return names


def never_problems(rules: Iterable[LoadedRule], never: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for every field in `never` that a rule would set, unless the rule is off."""
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
