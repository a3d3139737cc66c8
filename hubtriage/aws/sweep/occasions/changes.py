"""What changed between the rules that were swept last and those that are deployed now. Pure.

Only what a rule decides counts: its description may change, and no finding is read for it. A default that a
new version of hubtriage sets otherwise counts like a key that the author changed.
"""

from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from typing import Any

from hubtriage.aws.securityhub.api import BY_DEFAULT
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.delivery import OPEN_TICKET, Routes
from hubtriage.engine.ruleset.policy import HousePolicy, PolicyStatement, conditions
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset
from hubtriage.engine.ruleset.templates import PLACEHOLDER, RULE_VALUES, is_per_account

ENGINE = 1
"""Goes up with a version that decides otherwise by the same rules: then every rule counts as changed."""


@dataclass(frozen=True, slots=True)
class SweptRule:
    """A rule as it was swept: `print` is a digest of all that it decides by, except its times.

    `sets`: it changed findings. `holds`: what it had done stood, as that of a rule on hold does. `terminal`:
    it kept findings from later rules. `starts` and `ends` are epoch seconds, as of `Rule`.
    """

    print: str
    sets: bool
    holds: bool
    terminal: bool
    starts: float | None = None
    ends: float | None = None

    def is_in_time(self, now: float) -> bool:
        """Say whether the rule's time had begun and not ended."""
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)


SweptRules = Mapping[str, SweptRule]
"""By id."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The ids of rules that differ from those that were swept last.

    `ended`: nothing of theirs stands any more. `changed`: in force then and now, but not the same. `begun`:
    in force now only. `were_in_force` counts the rules of the last sweep whose work would stand by now.
    `wants_active`: findings that no rule holds may be concerned.
    """

    ended: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    were_in_force: int = 0
    wants_active: bool = False

    @property
    def holding(self) -> tuple[str, ...]:
        """The rules whose findings have to be looked at."""
        return tuple(sorted((*self.ended, *self.changed)))

    @property
    def any(self) -> bool:
        """Whether there is anything to sweep."""
        return bool(self.ended or self.changed or self.begun)


def swept_rules(
    ruleset: Ruleset, settings: Settings, hubs: Collection[str] = BY_DEFAULT
) -> dict[str, SweptRule]:
    """Return what to remember of a rule set that is swept with these settings in these hubs.

    Other hubs are a change of every rule: no finding of a hub that is new has been swept.
    """
    others = [] if frozenset(hubs) == BY_DEFAULT else [sorted(hubs)]
    shared = dumps([ENGINE, settings.udf, sorted(settings.never), *others])
    directory = dumps(ruleset.accounts, sort_keys=True)
    said = {one.id: _said(one, directory) for one in ruleset.policy.statements}
    return {
        rule.id: _swept(
            rule,
            shared,
            directory,
            [
                *(said[one.id] for one in _about(ruleset.policy, rule)),
                *_tickets(rule, directory, settings.routes),
            ],
        )
        for rule in ruleset.rules
    }


def digest_of(rules: SweptRules) -> str:
    """Return a digest of a whole rule set: it differs where any rule decides, begins or ends otherwise."""
    listed = [[name, rule.print, rule.starts, rule.ends] for name, rule in sorted(rules.items())]
    return _digest(dumps(listed))


def changes(swept: SweptRules, current: SweptRules, now: float) -> Changes:
    """Compare the rules that were swept last with the deployed ones, as of a time (epoch seconds)."""
    before = {name: rule for name, rule in swept.items() if rule.is_in_time(now) and rule.holds}
    after = {name: rule for name, rule in current.items() if rule.is_in_time(now) and rule.holds}
    ended = before.keys() - after.keys()
    changed = {name for name in before.keys() & after.keys() if before[name].print != after[name].print}
    begun = {name for name in after.keys() - before.keys() if after[name].sets}
    wants = begun or any(after[name].sets for name in changed)
    lets_pass = any(before[name].terminal for name in (*ended, *changed))
    return Changes(
        tuple(sorted(ended)),
        tuple(sorted(changed)),
        tuple(sorted(begun)),
        were_in_force=len(before),
        wants_active=bool(wants or lets_pass),
    )


def _about(policy: HousePolicy, rule: Rule) -> Iterator[PolicyStatement]:
    """Yield the statements that may forbid what a rule does, or did before it was put on hold."""
    for statement in policy.about(rule.id):
        if rule.mode == "hold" or statement.may_forbid(rule.proposals.fields):
            yield statement


def _said(statement: PolicyStatement, directory: str) -> str:
    """Return a digest of what a statement forbids on which findings, for whatever rules."""
    condition = dumps(conditions(statement.source), sort_keys=True)
    looked_up = [directory] if '"account"' in condition else []
    return _digest(dumps([statement.never, condition, *looked_up], sort_keys=True))


def _swept(rule: Rule, shared: str, directory: str, more: Sequence[Any]) -> SweptRule:
    return SweptRule(
        print=_digest(dumps([shared, *_decisive(rule, directory), *more], sort_keys=True)),
        sets=rule.mode == "enforce",
        holds=rule.mode in ("enforce", "hold"),
        terminal=rule.terminal,
        starts=rule.starts,
        ends=rule.ends,
    )


def _decisive(rule: Rule, directory: str) -> Iterator[Any]:
    """Yield what a rule decides by, with what its source leaves out at its default."""
    source = rule.source
    yield from (rule.order, rule.mode, rule.terminal, rule.override, rule.ceiling)
    when, update = dumps(source.get("when"), sort_keys=True), dumps(source["update"], sort_keys=True)
    yield from (source.get("match"), when, update)
    if '"account"' in when or any(is_per_account(one, source) for one in PLACEHOLDER.finditer(update)):
        yield directory
    if rule.during:  # the clock sees a window open and close, but not that it is another one
        yield [source["during"], [[*window.zone.times, *window.zone.offsets] for window in rule.during]]
    if OPEN_TICKET in source:
        yield source[OPEN_TICKET]
    if "{rule." in update:
        yield [source.get(name) for name in RULE_VALUES]


def _tickets(rule: Rule, directory: str, routes: Routes | None) -> Iterator[Any]:
    """Yield what says which tickets a rule asks for, where decisions are announced.

    Messages are about decisions to come, for which nothing has to be swept.
    """
    if routes is None:
        return
    for delivery in rule.deliveries:
        if delivery.kind != "ticket":
            continue
        route = routes.by_name.get(delivery.to)
        leads = None if route is None else [route.attribute, sorted(route.to.items()), route.otherwise]
        yield [delivery.to, delivery.per, leads]
        if route is not None:
            yield [rule.source.get("owner"), directory]


def _digest(text: str) -> str:
    """64 bits: enough to see that something changed."""
    return b64encode(sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]).decode().rstrip("=")
