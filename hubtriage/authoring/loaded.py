"""What a folder of rule files comes to: its rules, lists, accounts and problems."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubtriage.authoring.conditions.reader import Origins
from hubtriage.authoring.problems import Problem, Severity
from hubtriage.authoring.schema.policy import Statement
from hubtriage.authoring.schema.rule import RuleModel
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath
from hubtriage.engine.ruleset.delivery import NOTIFY, OPEN_TICKET, PER, QUEUE
from hubtriage.engine.ruleset.owner import ACCOUNT


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """A rule: its model, its place, and its conditions with the values of lists put in.

    `match_origins` says where in the `match` of the file each alternative stands. One with errors is not
    `is_sound`: it is what is left of it without them. `kept` is what checks found out about the rule.
    """

    model: RuleModel
    document: YamlDocument
    path: YamlPath
    match: Mapping[str, Any] | None
    when: Any
    uses_regex: bool
    match_origins: Origins = field(default_factory=Origins)
    is_sound: bool = True
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.model.id

    def is_whole(self, *places: YamlPath) -> bool:
        """Say whether no error took anything away from the places in the rule."""
        return self.is_sound or all(self.document.is_whole((*self.path, *place)) for place in places)

    @property
    def has_when(self) -> bool:
        """Whether the rule has a `when`, which may be `false`."""
        return "when" in self.model.model_fields_set

    @property
    def conditions(self) -> dict[str, Any]:
        """The `match` and `when`, as far as the rule has them."""
        match = {} if self.match is None else {"match": self.match}
        return {**match, "when": self.when} if self.has_when else match

    def compiled(self, conditions: Mapping[str, Any]) -> dict[str, Any]:
        """Return the rule for the engine, with its conditions in some form; without keys at their default."""
        model = self.model
        compiled: dict[str, Any] = {"id": model.id, **_not_default(model)}
        if model.starts is not None:
            compiled["starts"] = model.starts.seconds
        if model.expires is not None:
            compiled["ends"] = model.expires.end
        if model.windows:
            compiled["during"] = [window.compiled() for window in model.windows]
        compiled |= conditions
        compiled["update"] = model.update.model_dump(exclude_unset=True, exclude_none=True)
        compiled |= {name: value for name in _OPTIONAL if (value := getattr(model, name)) is not None}
        if model.owner_attribute is not None:
            compiled["owner"] = {ACCOUNT: model.owner_attribute}
        if model.expires is not None:
            compiled["expires"] = model.expires.text
        if model.notified:
            compiled[NOTIFY] = list(model.notified)
        if model.opened is not None:
            compiled[OPEN_TICKET] = {QUEUE: model.opened.queue, PER: model.opened.per}
        return compiled


_DEFAULTED = ("order", "mode", "terminal", "override", "ceiling")
_OPTIONAL = ("owner", "ticket", "reason", "description")


def _not_default(model: RuleModel) -> dict[str, Any]:
    fields = RuleModel.model_fields
    return {name: value for name in _DEFAULTED if (value := getattr(model, name)) != fields[name].default}


@dataclass(frozen=True, slots=True)
class LoadedStatement:
    """A statement, its place, and the conditions of its findings or `only`, with lists put in."""

    model: Statement
    document: YamlDocument
    path: YamlPath
    conditions: Mapping[str, Any]
    uses_regex: bool = False

    @property
    def place(self) -> str:
        """Where the statement stands, as file and line."""
        return self.document.place(self.path)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The content of a folder of rule files; `rules` are those without errors, in the order of the files.

    `flawed` is what is left of the others without their errors: it is checked, and nothing else. `policy` has
    the statements of the house policy that are without errors.
    """

    rules: tuple[LoadedRule, ...]
    lists: Mapping[str, Sequence[Any]]
    accounts: Mapping[str, Mapping[str, str]]
    problems: tuple[Problem, ...]
    documents: tuple[YamlDocument, ...] = ()
    flawed: tuple[LoadedRule, ...] = ()
    policy: tuple[LoadedStatement, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop a build."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)
