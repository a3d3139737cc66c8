"""Read what a deployer chose: `hubtriage.toml`, and the CDK context values that start with `hubtriage:`.

A context value stands in `cdk.json` under `context`, or on the command line as `-c hubtriage:NAME=VALUE`. It
wins over the file. In the file, a value of a target wins over the same one at the top. An unknown name or an
impossible value ends synthesis: a misspelt setting must never be a silent default.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic.fields import FieldInfo

from hubtriage.engine.text.suggestions import did_you_mean, nearest
from hubtriage.settings.conflicts import Conflict, ConflictError, conflicts
from hubtriage.settings.deliveries import TABLES, TableKeyError
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.fields import SettingFields, kebab_case
from hubtriage.settings.project_file import COMMAND_KEYS, TARGETS, ProjectFile, TargetTable
from hubtriage.settings.target_conflicts import target_problems
from hubtriage.settings.targets import CONTEXT_KEY, chosen_target, none_chosen

PREFIX = "hubtriage:"
REPLACE = "replace"
"""No setting: said for one deployment, it lets its rules replace whatever is deployed."""
NOT_FOR_GOOD = (
    "this is no setting: it would let any rules replace the deployed ones from now on, without a question\n"
    "  hint: leave it out, and say it once: hubtriage deploy --replace, or "
    f"npx cdk deploy -c {PREFIX}{REPLACE}=true"
)


@dataclass(frozen=True, slots=True)
class SettingSource:
    """Settings by name as one source has them; `written` says how one is written.

    `place` says where one stands, or a key inside one. `known` are further names that this source may have.
    """

    values: Mapping[str, Any]
    place: Callable[..., str]
    written: Callable[[str], str] = str
    known: tuple[str, ...] = ()


def context_source(context: Mapping[str, Any]) -> SettingSource:
    """Return the `hubtriage:` values of a CDK context; the others are not ours."""
    ours = {key.removeprefix(PREFIX): value for key, value in context.items() if key.startswith(PREFIX)}
    ours.pop(CONTEXT_KEY.removeprefix(PREFIX), None)  # it says which settings count, and is none
    return SettingSource(
        ours, lambda *path: f"context {PREFIX}{'.'.join(path)}", lambda name: f"{PREFIX}{name}"
    )


def file_source(project: ProjectFile) -> SettingSource:
    """Return the settings at the top of a `hubtriage.toml`."""
    return SettingSource(project.settings, project.place, known=(*COMMAND_KEYS, TARGETS))


def target_source(project: ProjectFile, target: TargetTable) -> SettingSource:
    """Return the settings of a target, as its table has them."""
    return SettingSource(
        target.settings, lambda *path: project.place(TARGETS, target.name, *path), known=tuple(COMMAND_KEYS)
    )


class Configuration(SettingFields):
    """The deployer's choices: each is valid, and all fit each other."""

    @model_validator(mode="after")
    def _refuse_conflicts(self) -> Self:
        if found := tuple(conflicts(self)):
            raise ConflictError(found)
        return self

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read all `hubtriage:` values of a CDK context and ignore the others.

        Raises ConfigurationError with every problem at once.
        """
        return cls.from_sources([context_source(context)])

    @classmethod
    def from_sources(cls, sources: Sequence[SettingSource]) -> Self:
        """Read the settings of several sources; of one that several have, the last counts.

        Raises ConfigurationError with every problem at once.
        """
        values = {name: value for source in sources for name, value in source.values.items()}
        try:
            return cls.model_validate(values, by_alias=True, by_name=False)
        except ValidationError as error:
            raise ConfigurationError(tuple(_problems(sources, values, error))) from None


def configuration_of(project: ProjectFile | None, context: Mapping[str, Any]) -> Configuration:
    """Return the settings of a project: those of its `hubtriage.toml`, if there is one; the context wins.

    If the file has targets, the settings are those of the one that the context or the environment names.
    The folder of rules is relative to the file's folder, or to the present one if the context names it.
    Raises ConfigurationError, and NoTargetError where no target is chosen.
    """
    configs = configurations_of(project, context)
    target = chosen_target(project, context)
    if project is not None and project.targets and target is None:
        raise none_chosen(project)
    return configs[target.name if target else None]


def configurations_of(
    project: ProjectFile | None, context: Mapping[str, Any]
) -> Mapping[str | None, Configuration]:
    """Return the settings of each target by its name; without targets, those of the project under None.

    The context is for the chosen target alone. Raises ConfigurationError with the problems of all of them:
    only together do they show whether each has a hub of its own.
    """
    given = context_source(context)
    target = chosen_target(project, context)
    if project is None or not project.targets:
        return {None: _settings(project, None, given)}
    configs, problems = dict[str, Configuration](), list[str]()
    for name, each in project.targets.items():
        try:
            configs[name] = _settings(project, each, given if each is target else context_source({}))
        except ConfigurationError as error:
            problems += error.problems
    problems += target_problems(project, configs)
    if problems:
        raise ConfigurationError(tuple(dict.fromkeys(problems)))
    return dict[str | None, Configuration](configs.items())


def _settings(project: ProjectFile | None, target: TargetTable | None, given: SettingSource) -> Configuration:
    """Return the settings of a target, or of a project without targets; `given` is the context's."""
    if project is None:
        return Configuration.from_sources([given])
    of_target = [] if target is None else [target_source(project, target)]
    config = Configuration.from_sources([file_source(project), *of_target, given])
    if "rules" in given.values:
        return config
    return config.model_copy(update={"rules": project.path.parent / config.rules})


def setting_names() -> tuple[str, ...]:
    """Return the names of all settings as they are written in the context, without the prefix."""
    return tuple(map(kebab_case, SettingFields.model_fields))


def _problems(
    sources: Sequence[SettingSource], values: Mapping[str, Any], error: ValidationError
) -> list[str]:
    """Return a text for each wrong value, and for each conflict between the values that are right."""
    wrong = [item for item in error.errors() if item["loc"]]
    names = {str(item["loc"][0]) for item in wrong}
    right = {name: value for name, value in values.items() if name not in names}
    valid = SettingFields.model_validate(right, by_alias=True, by_name=False)
    unmet = [each for each in conflicts(valid) if not names.intersection(each.settings)]
    return [*(_wrong_value(sources, item) for item in wrong), *(_conflict(sources, each) for each in unmet)]


def _conflict(sources: Sequence[SettingSource], found: Conflict) -> str:
    source = next((each for each in reversed(sources) if set(found.settings) & each.values.keys()), None)
    first = next((name for name in found.settings if source and name in source.values), "")
    at = found.at if first == found.settings[0] else ()
    if source is None or source.written(""):
        return f"context: {found.message}\n  hint: {found.hint}"
    place = source.place(first, *at).rpartition(": ")[0]
    return f"{place}: {found.message}\n  hint: {found.hint}"


def _wrong_value(sources: Sequence[SettingSource], error: Mapping[str, Any]) -> str:
    name = str(error["loc"][0])
    source = next(each for each in reversed(sources) if name in each.values)
    is_unknown = error["type"] == "extra_forbidden" and len(error["loc"]) == 1
    if is_unknown and name == REPLACE:
        return f"{source.place(name)}: {NOT_FOR_GOOD}"
    if is_unknown:
        names = (*setting_names(), *source.known)
        near = nearest(name, names)
        hint = f"did you mean {source.written(near)}?" if near else f"known are: {', '.join(names)}"
        return f"{source.place(name)}: there is no such setting\n  hint: {hint}"
    inside = [step for step in error["loc"][1:] if isinstance(step, str) and step != "[key]"]
    if error["type"] == "value_error" and isinstance(error["ctx"]["error"], TableKeyError):
        inside.append(error["ctx"]["error"].key)
    field = SettingFields.model_fields[_field_name(name)]
    hint = (_meant(error) or _hint_inside(name, inside)) if inside else _hint(field)
    return f"{source.place(name, *inside)}: {_what_is_wrong(error)}\n  hint: {hint}"


def _meant(error: Mapping[str, Any]) -> str:
    """Return the hint with the word that a misspelt one was meant to be; empty if none is like it."""
    if error["type"] != "literal_error":
        return ""
    near = nearest(error["input"], re.findall("'([^']*)'", error["ctx"]["expected"]))
    return f"did you mean {near}?" if near else ""


def _field_name(name: str) -> str:
    return name.replace("-", "_")


def _hint(field: FieldInfo) -> str:
    example = f", such as {field.examples[0]}" if field.examples else ""
    return f"{field.description}{example}"


def _hint_inside(name: str, inside: Sequence[str]) -> str:
    """Return the hint for a key of a table of tables, such as `[channels.NAME]`."""
    model = TABLES.get(name)
    if model is None or len(inside) < 2:
        return _hint(SettingFields.model_fields[_field_name(name)])
    known = tuple(map(kebab_case, model.model_fields))
    if inside[1] not in known:
        return did_you_mean(inside[1], known) or f"known are: {', '.join(known)}"
    return _hint(model.model_fields[_field_name(inside[1])])


def _what_is_wrong(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    if error["type"] in ("dict_type", "model_type"):
        return "this is not a table"
    if error["type"] == "missing":
        return "this key is missing"
    if error["type"] == "string_pattern_mismatch":
        return f"{error['input']!r} does not have the expected form"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"{error['msg']}, not {error['input']!r}"
