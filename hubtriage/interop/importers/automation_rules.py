"""Automation rules of Security Hub itself.

AWS: a rule acts on every matching finding, before the event is sent. The later in RuleOrder has the last
word, among equals the one updated last. `IsTerminal` keeps later rules away; a disabled rule does nothing.
Criteria look at the finding as its provider sent it, and a rule acts only in the Region where it was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.interop.automation_rules import HIGHEST_ORDER
from hubtriage.interop.criteria.attributes import ATTRIBUTES
from hubtriage.interop.criteria.input import Path, Refused, items, known_keys, mapping, whole_number
from hubtriage.interop.criteria.model import Criterion, TextTest
from hubtriage.interop.criteria.parse_filters import number, parse_filters
from hubtriage.interop.criteria.to_rule import rule_conditions
from hubtriage.interop.importers.automation_rule_forms import SourceRule, read_source_rules
from hubtriage.interop.importers.names import labelled, printable
from hubtriage.interop.importers.outcome import Draft, Translation
from hubtriage.interop.importers.sources import decoded, first_deploy_time_value
from hubtriage.interop.importers.terraform import SHOW
from hubtriage.interop.importers.updates import read_update, selects_moved_findings
from hubtriage.interop.ocsf_criteria import parse_rule as v2
from hubtriage.interop.ocsf_criteria.to_rule import joined_conditions

_REQUIRED = ("RuleOrder", "Criteria", "Actions")
_OPTIONAL = ("RuleName", "Description", "IsTerminal", "RuleStatus")
_UNUSED = ("RuleArn", "CreatedAt", "UpdatedAt", "CreatedBy", "Tags", *v2.UNUSED)
EVERY_REGION = "all"
_DECIDING = (*_REQUIRED, "IsTerminal", "RuleStatus")


def translate(name: str, content: bytes, regions: Iterable[str] = ()) -> Translation:
    """Translate the rules of a file, for findings of the given Regions only. Raises UnreadableError."""
    rules, line = read_source_rules(name, decoded(content))
    found = Translation(line=line)
    asked = tuple(regions)
    updated: dict[Path, float | None] = {}
    for position, rule in enumerate(rules, 1):
        label = labelled(position, rule.name)
        found.add(label, lambda: _draft(label, rule, asked))  # noqa: B023 - called at once
        updated[rule.path] = _updated(rule.value)
    found.drafts = _with_ties_reported(_with_whole_orders(found.drafts), updated)
    return found


def _updated(value: Any) -> float | None:
    return parse_timestamp(value.get("UpdatedAt")) if isinstance(value, dict) else None


# -- one rule -----------------------------------------------------------------------------------


def _draft(label: str, source: SourceRule, asked: tuple[str, ...]) -> Draft:
    if source.refused is not None:
        raise source.refused
    try:
        return _translated(label, source, asked)
    except Refused as error:
        raise Refused(source.place(error.path), error.reason, error.hint) from None


def _translated(label: str, source: SourceRule, asked: tuple[str, ...]) -> Draft:
    rule = _checked(source.value, source.path)
    name = rule["RuleName"] if isinstance(rule.get("RuleName"), str) else source.name or label
    of_v2 = v2.is_v2(rule)
    if source.of_v2 not in (None, of_v2):
        reason = "there is no OcsfFindingCriteria in it" if source.of_v2 else "a rule of CSPM has no OCSF"
        raise Refused((*source.path, "Criteria"), reason)
    body = {
        "description": _description(name, rule.get("Description")),
        **({"mode": "off"} if _is_off(rule, source.path) else {}),
        **(_body_of_v2 if of_v2 else _body)(rule, source, asked),
    }
    return Draft(label, name, source.path, body)


def _body(rule: dict[str, Any], source: SourceRule, asked: tuple[str, ...]) -> dict[str, Any]:
    criteria = _criteria(rule["Criteria"], (*source.path, "Criteria"))
    update = _update(rule["Actions"], (*source.path, "Actions"))
    return {
        "order": whole_number(rule["RuleOrder"], (*source.path, "RuleOrder"), 1, HIGHEST_ORDER),
        **({"terminal": True} if _flag(rule, "IsTerminal", source.path) else {}),
        **({"override": True} if selects_moved_findings(criteria, update) else {}),
        **rule_conditions([*criteria, *_limits(source, asked)]),
        "update": update,
    }


def _body_of_v2(rule: dict[str, Any], source: SourceRule, asked: tuple[str, ...]) -> dict[str, Any]:
    """Return the same of a rule of V2. It acts in linked Regions too: only `asked` limits it."""
    if "IsTerminal" in rule:
        raise Refused((*source.path, "IsTerminal"), "rules of V2 have no IsTerminal")
    condition = v2.read_criteria(rule["Criteria"], (*source.path, "Criteria"))
    chosen = () if EVERY_REGION in asked else asked
    regions = [Criterion(ATTRIBUTES["Region"], _equals(chosen))] if chosen else []
    return {
        "order": _order_of_v2(rule["RuleOrder"], (*source.path, "RuleOrder")),
        **joined_conditions(condition, regions),
        "update": v2.read_action(rule["Actions"], (*source.path, "Actions")),
    }


def _order_of_v2(value: object, path: Path) -> float:
    """Return the order of a rule of V2, which may have a fraction."""
    order = number(value, path)
    if not 1 <= order <= HIGHEST_ORDER:
        raise Refused(path, f"a number from 1 to {HIGHEST_ORDER} is wanted here")
    return order


def _limits(source: SourceRule, asked: tuple[str, ...]) -> Iterator[Criterion]:
    """Yield the criterion that limits a rule to its Regions; none if it is meant for every Region."""
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]
    if source.excluded is None:
        wanted, unwanted = _regions(source, asked), ()
    else:
        wanted, unwanted = _regions_of_accelerator(source, source.excluded, asked)
    if wanted or unwanted:
        yield Criterion(ATTRIBUTES["Region"], _equals(wanted), _equals(unwanted))


def _equals(values: Iterable[str]) -> tuple[TextTest, ...]:
    return tuple(TextTest("equals", value) for value in values)


def _regions_of_accelerator(
    source: SourceRule, excluded: tuple[str, ...], asked: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (Regions, Regions left out): those that `--region` names, or all, without the excluded ones."""
    if not asked:
        reason = "the accelerator makes it in each Region that it manages, and this file does not say which"
        hint = (
            "name each of `enabledRegions` in global-config.yaml with --region, or say "
            f"--region {EVERY_REGION} for every Region but the excluded ones"
        )
        raise Refused(source.path, reason, hint)
    if EVERY_REGION in asked:
        return (), excluded
    left = tuple(region for region in asked if region not in excluded)
    if not left:
        raise Refused(
            (*source.path, "excludeRegions"), "it is made in none of the Regions that --region names"
        )
    return left, ()


def _regions(source: SourceRule, asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the Regions to which a rule is limited; none if it is meant for every Region.

    AWS: a rule acts only in the Region in which it was made. Raises Refused if that is not known.
    """
    own, chosen = source.region, () if EVERY_REGION in asked else asked
    if isinstance(own, str):
        if chosen and own not in chosen:
            reason = f"it acts in {own} only, which --region does not name"
            raise Refused((*source.path, "region"), reason)
        return (own,)
    if not asked:
        reason = "AWS runs it in one Region only, and the file does not say which"
        hint = (
            f"name the Region with --region, or say --region {EVERY_REGION} if it is meant for every Region"
        )
        raise Refused(source.path, reason, hint)
    return chosen


def _checked(value: Any, path: Path) -> dict[str, Any]:
    """Check that a rule has all that it needs, and nothing that is known only on deployment."""
    rule = {key: item for key, item in mapping(value, path).items() if key not in _UNUSED}
    known_keys(rule, (*_REQUIRED, *_OPTIONAL), path, required=_REQUIRED)
    found = first_deploy_time_value({key: item for key, item in rule.items() if key in _DECIDING}, path)
    if found:
        reason = f"the value {printable(found[1].text)!r:.100} is known only on deployment"
        raise Refused(found[0], reason, f"write the value; for Terraform, {SHOW}")
    return rule


def _criteria(value: Any, path: Path) -> list[Criterion]:
    criteria = parse_filters(value, path)
    for criterion in criteria:
        if not criterion.attribute.most:
            name = criterion.attribute.name
            raise Refused((*path, name), f"{name} is not a criterion of automation rules")
    if not criteria:
        raise Refused(path, "the rule would change every finding", "if that is meant, write it by hand")
    return criteria


def _update(value: Any, path: Path) -> dict[str, Any]:
    actions = items(value, path)
    if len(actions) > 1:
        raise Refused(path, f"{len(actions)} actions; AWS takes one")
    action = known_keys(actions[0], ("Type", "FindingFieldsUpdate"), (*path, 0))
    if action.get("Type") != "FINDING_FIELDS_UPDATE":
        raise Refused((*path, 0, "Type"), "the only action is FINDING_FIELDS_UPDATE")
    return read_update(action.get("FindingFieldsUpdate"), (*path, 0, "FindingFieldsUpdate"))


def _is_off(rule: dict[str, Any], path: Path) -> bool:
    status = rule.get("RuleStatus", "ENABLED")
    if status not in ("ENABLED", "DISABLED"):
        raise Refused((*path, "RuleStatus"), f"{status!r:.60} is neither ENABLED nor DISABLED")
    return bool(status == "DISABLED")


def _flag(rule: dict[str, Any], name: str, path: Path) -> bool:
    value = rule.get(name, False)
    if value not in (True, False, "true", "false"):
        raise Refused((*path, name), "true or false is wanted here")
    return value in (True, "true")


def _description(name: str, description: Any) -> str:
    own = printable(description) if isinstance(description, str) else ""
    source = f'mported from the automation rule "{printable(name)}"'
    return f"{own} (i{source})" if own else f"I{source}."


# -- rules of one order -------------------------------------------------------------------------


def _with_whole_orders(drafts: list[Draft]) -> list[Draft]:
    """Give the rules other orders, which follow each other as theirs do, if some have a fraction."""
    orders = sorted({draft.body["order"] for draft in drafts})
    if all(order == int(order) for order in orders) or len(orders) > HIGHEST_ORDER:
        return drafts
    step = min(10, HIGHEST_ORDER // len(orders))
    whole = {order: rank * step for rank, order in enumerate(orders, 1)}
    return [
        replace(
            draft,
            body={**draft.body, "order": whole[draft.body["order"]]},
            remarks=(*draft.remarks, f"RuleOrder was {draft.body['order']}"),
        )
        for draft in drafts
    ]


def _with_ties_reported(drafts: list[Draft], updated: dict[Path, float | None]) -> list[Draft]:
    """Give equal orders different numbers; add a remark if the file does not say which comes first."""
    counts = Counter(draft.body["order"] for draft in drafts)
    if not any(count > 1 for count in counts.values()):
        return drafts
    if any(updated[draft.path] is None for draft in drafts) or len(drafts) > HIGHEST_ORDER:
        return [_with_remark(draft, counts[draft.body["order"]]) for draft in drafts]
    return _renumbered(drafts, updated)


def _with_remark(draft: Draft, count: int) -> Draft:
    if count == 1:
        return draft
    order = draft.body["order"]
    remark = (
        f"{count} rules have RuleOrder {order}; in AWS the one that was updated last wins, here the last id"
    )
    return replace(draft, remarks=(*draft.remarks, remark))


def _renumbered(drafts: list[Draft], updated: dict[Path, float | None]) -> list[Draft]:
    ranked = sorted(drafts, key=lambda draft: (draft.body["order"], updated[draft.path] or 0.0))
    step = min(10, HIGHEST_ORDER // len(drafts))
    orders = {draft.path: rank * step for rank, draft in enumerate(ranked, 1)}
    return [
        replace(
            draft,
            body={**draft.body, "order": orders[draft.path]},
            remarks=(*draft.remarks, f"RuleOrder was {draft.body['order']}, which several rules have"),
        )
        for draft in drafts
    ]
