"""Choose a target of `hubtriage.toml`.

With targets, none counts by itself, not even a single one: a second target, or a forgotten one, must not
change which hub a command line means.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hubtriage.engine.text.suggestions import nearest
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import NAME, ProjectFile, TargetTable, shown

VARIABLE: Final = "HUBTRIAGE_TARGET"
"""Names the target in the environment; set to nothing, it names none."""

CONTEXT_KEY: Final = "hubtriage:target"
"""Names the target in the context of CDK."""

HOW_TO_CHOOSE: Final = f"choose one with --target or {VARIABLE}; for `npx cdk` with -c {CONTEXT_KEY}=NAME"


@dataclass(eq=False)
class NoTargetError(ConfigurationError):
    """There are targets, and none is chosen, or the wrong one: what is asked for is known to no one."""


def none_chosen(project: ProjectFile) -> NoTargetError:
    """Return what to raise where a target has to be chosen."""
    names = ", ".join(project.targets)
    return NoTargetError(
        (f"{shown(project.path)} has targets, and none is chosen: {names}\n  hint: {HOW_TO_CHOOSE}",)
    )


def chosen_target(project: ProjectFile | None, context: Mapping[str, Any]) -> TargetTable | None:
    """Return the target that the context or the environment names; None if neither does.

    Raises NoTargetError for a name that no target has, and where the two name different ones: which of them
    was meant, and which only left over, cannot be known.
    """
    in_context, in_environment = context.get(CONTEXT_KEY), os.environ.get(VARIABLE) or None
    if in_context is None:
        return None if in_environment is None else target_named(project, in_environment, VARIABLE)
    if in_environment is not None and in_environment != in_context:
        problem = f"{CONTEXT_KEY} names the target {in_context!r}, and {VARIABLE} names {in_environment!r}"
        raise NoTargetError((f"{problem}\n  hint: unset {VARIABLE}, or leave {CONTEXT_KEY} out",))
    return target_named(project, in_context, CONTEXT_KEY)


def target_named(project: ProjectFile | None, name: object, said_by: str) -> TargetTable:
    """Return the target of a name that an option or variable says. Raises NoTargetError if there is none."""
    targets = {} if project is None else project.targets
    if isinstance(name, str) and name in targets:
        return targets[name]
    where = f"there is no {NAME}" if project is None else f"{shown(project.path)} has no such target"
    if near := nearest(name, targets):
        hint = f"did you mean {near}?"
    elif targets:
        hint = f"known are: {', '.join(targets)}"
    elif project is not None:
        hint = f"leave {said_by} out, or write the settings of that hub below [target.NAME]"
    else:
        hint = f"leave {said_by} out, or run this where {NAME} counts"
    raise NoTargetError((f"{said_by}: {name!r}: {where}\n  hint: {hint}",))
