"""The one generated function of a rule set: from a finding to the branches that it leaves possible.

It walks the members that any table is about, once, and joins what their values leave possible. Nothing of a
rule's text becomes code: keys are written with `repr`, and every table stands under a numbered name. For two
tables, on `Workflow.Status` and `Resources.Type`, it reads

    def possible(finding):
        result = ALL
        o1 = finding.get('Workflow', ABSENT)
        if type(o1) is dict:
            o2 = o1.get('Status', ABSENT)
            if type(o2) is str: result &= G0(o2, D0)
            elif o2 is ABSENT: result &= A0
            else: result &= O0(o2)
        elif o1 is ABSENT or o1 is None: result &= N1
        o3 = finding.get('Resources', ABSENT)
        if type(o3) is list and o3:
            m1 = 0
            for e3 in o3:
                ...
            result &= m1
        elif o3 is ABSENT or o3 == []: result &= N3
        elif o3 is None: result &= N4

A member of a shape that is not expected leaves everything possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.engine.literals import LISTS
from hubtriage.engine.tables import Mask, Tables

Possible = Callable[[Mapping[str, Any]], Mask]


@dataclass(slots=True)
class _Member:
    """A member of the finding on the way to tables; `table` is the number of the one about its own value."""

    path: tuple[str, ...]
    table: int | None = None
    members: dict[str, _Member] = field(default_factory=dict)

    def tables(self) -> list[int]:
        """Return the numbers of all tables at and below."""
        own = [] if self.table is None else [self.table]
        return own + [number for member in self.members.values() for number in member.tables()]


def generate(tables: Mapping[tuple[str, ...], Tables], everything: Mask) -> Possible:
    """Return the function for tables by path; a path in LISTS is about the elements of that list."""
    writer = _Writer(everything)
    root = _Member(())
    for number, (path, table) in enumerate(tables.items()):
        writer.name_table(number, table)
        member = root
        for length in range(1, len(path) + 1):
            member = member.members.setdefault(path[length - 1], _Member(path[:length]))
        member.table = number
    writer.write("def possible(finding):", 0)
    writer.write("result = ALL", 1)
    writer.members(root, "finding", 1, {})
    writer.write("return result", 1)
    return writer.compiled()


@dataclass(slots=True)
class _Writer:
    """Collects the function's lines and the constants that they name."""

    everything: Mask
    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    defaults: dict[int, str] = field(default_factory=dict)
    used: int = 0

    def __post_init__(self) -> None:
        self.names.update(ALL=self.everything, ABSENT=object())

    def name_table(self, number: int, table: Tables) -> None:
        """Give the parts of a table their names."""
        self.names[f"A{number}"] = table.absent
        self.names[f"O{number}"] = table.other
        self.names[f"D{number}"] = table.default
        if table.text is None:
            self.names[f"G{number}"] = table.texts.get
            self.defaults[number] = f", D{number}"
        else:
            self.names[f"G{number}"] = table.text

    def write(self, line: str, depth: int) -> None:
        """Add a line."""
        self.lines.append("    " * depth + line)

    def fresh(self) -> int:
        """Return a number that no variable has yet."""
        self.used += 1
        return self.used

    def compiled(self) -> Possible:
        """Compile the lines; they see nothing but the named constants and `type`, `dict`, `list`, `str`."""
        names = {**self.names, "__builtins__": {"type": type, "dict": dict, "list": list, "str": str}}
        exec(compile("\n".join(self.lines), "<generated index>", "exec"), names)  # noqa: S102 - see the module
        possible: Possible = names["possible"]
        return possible

    def members(self, parent: _Member, owner: str, depth: int, targets: dict[int, str]) -> None:
        """Read an object's members, joining into the targets: `result`, or what a list's elements give."""
        for key, member in parent.members.items():
            variable = f"o{self.fresh()}"
            self.write(f"{variable} = {owner}.get({key!r}, ABSENT)", depth)
            if member.path in LISTS:
                self.elements(member, variable, depth, targets)
            else:
                self.value(member, variable, depth, targets)

    def value(self, member: _Member, variable: str, depth: int, targets: dict[int, str]) -> None:
        """Look up a member that is expected to be a text, an object, or both now and then."""
        if member.table is not None:
            self.look_up(member.table, variable, depth, targets)
        if member.members:
            self.write(f"if type({variable}) is dict:", depth)
            self.members(member, variable, depth + 1, targets)
            below = [number for inner in member.members.values() for number in inner.tables()]
            self.write(f"elif {variable} is ABSENT or {variable} is None:", depth)
            self.all_absent(below, depth + 1, targets)
            self.otherwise_everything(below, depth, targets)

    def look_up(self, number: int, variable: str, depth: int, targets: dict[int, str]) -> None:
        """Look up one value."""
        target = targets.get(number, "result &")
        text = f"G{number}({variable}{self.defaults.get(number, '')})"
        self.write(f"if type({variable}) is str: {target}= {text}", depth)
        self.write(f"elif {variable} is ABSENT: {target}= A{number}", depth)
        self.write(f"else: {target}= O{number}({variable})", depth)

    def all_absent(self, numbers: list[int], depth: int, targets: dict[int, str]) -> None:
        """Join what absence leaves possible in several tables."""
        mask = self.everything
        for number in numbers:
            if number in targets:
                self.write(f"{targets[number]}= A{number}", depth)
            else:
                mask &= self.names[f"A{number}"]
        if mask != self.everything or not any(number in targets for number in numbers):
            name = f"N{self.fresh()}"
            self.names[name] = mask
            self.write(f"result &= {name}", depth)

    def otherwise_everything(self, numbers: list[int], depth: int, targets: dict[int, str]) -> None:
        """For an unexpected shape: within a list, let the element leave everything possible."""
        inside = [number for number in numbers if number in targets]
        if inside:
            self.write("else:", depth)
            for number in inside:
                self.write(f"{targets[number]}= ALL", depth + 1)

    def elements(self, member: _Member, variable: str, depth: int, targets: dict[int, str]) -> None:
        """Walk a list: what any of its elements leaves possible, is."""
        numbers = member.tables()
        inner = dict(targets)
        opened = [number for number in numbers if number not in targets]
        self.write(f"if type({variable}) is list and {variable}:", depth)
        for number in opened:
            inner[number] = f"m{number} |"
            self.write(f"m{number} = 0", depth + 1)
        element = f"e{self.fresh()}"
        self.write(f"for {element} in {variable}:", depth + 1)
        self.element(member, element, depth + 2, inner)
        for number in opened:
            self.write(f"result &= m{number}", depth + 1)
        self.write(f"elif {variable} is ABSENT or {variable} == []:", depth)
        self.all_absent(numbers, depth + 1, targets)
        self.write(f"elif {variable} is None:", depth)
        if member.table is not None:
            self.look_up(member.table, variable, depth + 1, targets)
        self.all_absent([number for number in numbers if number != member.table], depth + 1, targets)
        self.otherwise_everything(numbers, depth, targets)

    def element(self, member: _Member, variable: str, depth: int, targets: dict[int, str]) -> None:
        """Look up one element: as a value, as an object, or both."""
        if member.table is not None:
            self.look_up(member.table, variable, depth, targets)
        below = [number for inner in member.members.values() for number in inner.tables()]
        if below:
            self.write(f"if type({variable}) is dict:", depth)
            self.members(member, variable, depth + 1, targets)
            self.write("else:", depth)
            for number in below:
                self.write(f"{targets[number]}= ALL", depth + 1)
