"""List what `hubtriage lint` checks beyond the shape of a file: errors, and warnings that may be ignored."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

from hubtriage.authoring.checks.care import (
    blank_placeholder,
    ceiling,
    endless,
    expiry,
    nearly_everything,
    one_of_several,
    ownerless,
    subject_controlled,
    texts,
    unexplained,
    unnotified,
    unrouted,
    untested,
)
from hubtriage.authoring.checks.conditions import (
    anything_but_on_list,
    constant_condition,
    constant_operator,
    constant_when,
    contradiction,
    loose_comparison,
    missing_field,
    text_order,
    through_list,
)
from hubtriage.authoring.checks.linted_rule import Findings, LintedRule
from hubtriage.authoring.checks.relations import conflicting_rules, hidden_rule, overridden_rule
from hubtriage.authoring.checks.relations.folder import FolderRelations
from hubtriage.authoring.checks.v2 import differing, unseen, unsettable
from hubtriage.authoring.checks.values import (
    account_id,
    control_prefix,
    deprecated_field,
    given_finding,
    impossible_value,
    odd_characters_in_value,
    pattern_in_value,
    scale,
    unknown_path,
    wrong_type,
)
from hubtriage.authoring.conditions.reader import MAX_ERRORS
from hubtriage.authoring.loaded import LoadedRule, LoadResult
from hubtriage.authoring.problems import Problem, in_order
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.ruleset.delivery import NO_ROUTES, Route

NEEDLESS = "W313"

# Looks at one rule.
RuleCheck: TypeAlias = Callable[[LintedRule], Iterator[Problem]]
# Looks at one rule among the others of its folder.
FolderCheck: TypeAlias = Callable[[LintedRule, FolderRelations], Iterator[Problem]]

ERROR_CHECKS: tuple[RuleCheck, ...] = (
    unknown_path.check_certain,
    through_list.check,
    constant_when.check,
    pattern_in_value.check_certain,
    impossible_value.check_certain,
    scale.check,
    text_order.check,
    wrong_type.check,
    constant_operator.check,
    account_id.check,
    odd_characters_in_value.check,
    given_finding.check_certain,
    unexplained.check,
    ceiling.check_certain,
)
RULE_CHECKS: tuple[RuleCheck, ...] = (
    unknown_path.check,
    impossible_value.check,
    pattern_in_value.check,
    given_finding.check,
    anything_but_on_list.check,
    control_prefix.check,
    deprecated_field.check,
    constant_condition.check,
    contradiction.check,
    missing_field.check_less,
    missing_field.check_negation,
    loose_comparison.check,
    endless.check_critical,
    endless.check_everything,
    endless.check_far,
    ownerless.check,
    one_of_several.check,
    nearly_everything.check,
    ceiling.check,
    blank_placeholder.check,
    subject_controlled.check,
    expiry.check_over,
    expiry.check_soon,
    unnotified.check,
    unrouted.check,
    texts.check_differs,
    texts.check_long,
    untested.check,
)
FOLDER_CHECKS: tuple[FolderCheck, ...] = (hidden_rule.check, overridden_rule.check, conflicting_rules.check)

V2_CHECKS: tuple[RuleCheck, ...] = (
    unseen.check_negation,
    unseen.check_unseen,
    differing.check,
    unsettable.check_update,
    unsettable.check_texts,
)
"""What is said of rules for Security Hub V2."""
V2_CODES = frozenset((unseen.NEGATED, unseen.UNSEEN, differing.CODE, unsettable.UNSETTABLE, unsettable.BLANK))
CSPM, V2 = "cspm", "v2"

_CONDITIONS: tuple[YamlPath, ...] = (("match",), ("when",))
# What a check concludes from as a whole: it says nothing where an error took something away from it.
_NEEDED: Mapping[RuleCheck, tuple[YamlPath, ...]] = {
    unexplained.check: (("update", "Note"), ("mode",)),
    ceiling.check_certain: (("ceiling",), *_CONDITIONS),
    ceiling.check: (("ceiling",), *_CONDITIONS),
    endless.check_critical: (("ceiling",), ("expires",)),
    endless.check_everything: (("expires",), *_CONDITIONS),
    ownerless.check: (("owner",), ("ticket",)),
    one_of_several.check: _CONDITIONS,
    nearly_everything.check: _CONDITIONS,
    subject_controlled.check: _CONDITIONS,
    expiry.check_soon: (("starts",),),
    unnotified.check: (("owner",), ("expires",)),
    unrouted.check: (("owner",),),
    untested.check: (("tests",),),
}
# What is said of a whole condition: nothing where an error took something away from it.
_OF_WHOLE_PARTS = {"E209", "E214", "W201", "W202"}

_NEEDED_AMONG_OTHERS: tuple[YamlPath, ...] = (
    *(("id",), ("mode",), ("order",), ("terminal",), ("starts",), ("expires",), ("during",), ("ceiling",)),
    *(("update",), *_CONDITIONS),
)


def errors(rule: LoadedRule, lists: Mapping[str, Sequence[Any]]) -> tuple[Problem, ...]:
    """Return what is certainly not meant in a rule that can be read, by place, and no more than 50."""
    linted = LintedRule.of(rule, lists)
    found = (problem for check in ERROR_CHECKS for problem in islice(_said(check, linted), MAX_ERRORS))
    return in_order(found)[:MAX_ERRORS]


def warnings(
    loaded: LoadResult,
    now: float,
    findings: Findings = tuple,
    subscribed: Collection[str] = (),
    hubs: Container[str] = (CSPM,),
    routes: Mapping[str, Route] = NO_ROUTES.by_name,
) -> tuple[Problem, ...]:
    """Return the warnings about the rules, at a time (epoch seconds), by place.

    `findings` returns those in the folder next to the rules; a warning about a wide rule counts them.
    `subscribed` are the owners that have addresses for notices. If `hubs` has V2, what rules cannot see and
    set there is said too: a negation of it is an error. `routes` are those of the deployment.

    Warnings that a rule ignores are left out. A rule that ignores a warning which does not occur gets W313.
    Of a rule with errors nothing is said that may only follow from what is missing without them.
    """
    rules = [LintedRule.of(rule, loaded.lists, now) for rule in (*loaded.rules, *loaded.flawed)]
    for rule in rules:
        rule.accounts, rule.findings, rule.subscribed = loaded.accounts, findings, subscribed
        rule.routes = routes
    whole = [rule for rule in rules if rule.loaded.is_whole(*_NEEDED_AMONG_OTHERS)]
    relations = FolderRelations(whole, loaded.accounts, now)
    return in_order(problem for rule in rules for problem in _of(rule, relations, V2 in hubs))


def _of(rule: LintedRule, relations: FolderRelations, is_for_v2: bool) -> Iterator[Problem]:
    found = [problem for check in RULE_CHECKS for problem in _said(check, rule)]
    if is_for_v2 and rule.loaded.is_sound:
        found += (problem for check in V2_CHECKS for problem in check(rule))
    if relations.includes(rule):
        found += (problem for check in FOLDER_CHECKS for problem in check(rule, relations))
    ignored = rule.model.lint.ignore if rule.model.lint else {}
    yield from (problem for problem in found if problem.code not in ignored)
    if rule.loaded.is_whole(()):
        may_occur = () if is_for_v2 else V2_CODES
        yield from _needless(rule, ignored, {problem.code for problem in found}.union(may_occur))


def _said(check: RuleCheck, rule: LintedRule) -> Iterator[Problem]:
    """Yield what a check says of a rule, or of what is left of it without its errors."""
    if rule.loaded.is_sound:
        yield from check(rule)
    elif rule.loaded.is_whole(*_NEEDED.get(check, ())):
        whole = rule.loaded.document.is_whole
        yield from (one for one in check(rule) if one.code not in _OF_WHOLE_PARTS or whole(one.path))


def _needless(rule: LintedRule, ignored: Iterable[str], codes: set[str]) -> Iterator[Problem]:
    for code in ignored:
        if code not in codes:
            message = f"{code} does not occur in this rule"
            place = ("lint", "ignore", code)
            yield rule.problem(NEEDLESS, place, message, "delete the line", key=True)
