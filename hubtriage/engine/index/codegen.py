"""The one generated function of a rule set: from a finding to the conjunctions that it leaves possible.

It walks the members that any table is about, once, and joins the masks of their values. No text of a rule
becomes code: keys are written with `repr`, and every table has a numbered name. For two tables, on
`Workflow.Status` and `Resources.Type`, it reads

    def possible(finding):
        exact = 1
        result = ALL
        if result & C1:
            o2 = finding.get('Workflow', ABSENT)
            if o2.__class__ is dict:
                o3 = o2.get('Status', ABSENT)
                if o3.__class__ is str: result &= G0(o3, D0)
                elif o3 is ABSENT: result &= A0
                else: result &= O0(o3)
            elif o2 is ABSENT or o2 is None: result &= N4
            else: exact = 0
        if result & C5:
            o6 = finding.get('Resources', ABSENT)
            if o6.__class__ is list and o6:
                m7 = 0
                for e7 in o6:
                    r7 = result
                    if e7.__class__ is dict:
                        ...
                        r7 &= ...
                    else: exact = 0
                    m7 |= r7
                result = m7
            elif o6 is ABSENT or o6 == []: result &= N9
            ...
        return result if exact & 1 else result & INEXACT

A member of an unexpected shape leaves everything possible, and clears the EXACT_BIT of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.engine.index.asff_lists import LISTS
from hubtriage.engine.index.masks import EXACT_BIT, Mask, MaskTable

_BUILTINS = {"dict": dict, "list": list, "str": str}

Possible = Callable[[Mapping[str, Any]], Mask]


@dataclass(slots=True)
class _Member:
    """A member of the finding on the way to tables; `table` is the number of the one about its own value."""

    path: tuple[str, ...]
    table: int | None = None
    members: dict[str, _Member] = field(default_factory=dict)

    def tables(self) -> list[int]:
        """Return the numbers of all tables at and below."""
        return self.below() if self.table is None else [self.table, *self.below()]

    def below(self) -> list[int]:
        """Return the numbers of all tables below."""
        return [number for member in self.members.values() for number in member.tables()]


def generate(tables: Mapping[tuple[str, ...], MaskTable], everything: Mask) -> Possible:
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
    writer.write("exact = 1", 1)
    writer.write("result = ALL", 1)
    writer.members(root, "finding", "result", 1)
    writer.write("return result if exact & 1 else result & INEXACT", 1)
    return writer.compiled()


@dataclass(slots=True)
class _Writer:
    """Collects the function's lines and the constants that they name."""

    everything: Mask
    lines: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    defaults: dict[int, str] = field(default_factory=dict)
    approximate: set[int] = field(default_factory=set)
    concerned: dict[int, Mask] = field(default_factory=dict)
    used: int = 0

    def __post_init__(self) -> None:
        self.names.update(ALL=self.everything, INEXACT=self.everything & ~EXACT_BIT, ABSENT=object())

    def name_table(self, number: int, table: MaskTable) -> None:
        """Give the parts of a table their names."""
        self.concerned[number] = table.concerned
        self.names[f"A{number}"] = table.absent
        self.names[f"O{number}"] = table.other
        self.names[f"D{number}"] = table.default
        if table.text is None:
            self.names[f"G{number}"] = table.texts.get
            self.defaults[number] = f", D{number}"
        else:
            self.names[f"G{number}"] = table.text
        if not table.has_exact_texts:
            self.approximate.add(number)

    def write(self, line: str, depth: int) -> None:
        """Add a line."""
        self.lines.append("    " * depth + line)

    def fresh(self) -> int:
        """Return a number that no variable has yet."""
        self.used += 1
        return self.used

    def compiled(self) -> Possible:
        """Compile the lines; they see nothing but the named constants and three built-in names."""
        names = {**self.names, "__builtins__": _BUILTINS}
        exec(compile("\n".join(self.lines), "<generated index>", "exec"), names)  # noqa: S102 - see the module
        possible: Possible = names["possible"]
        return possible

    def members(self, parent: _Member, owner: str, target: str, depth: int) -> None:
        """Read an object's members and join their masks into the target.

        Plain values come first. What takes longer to read is skipped if nothing that is still possible
        depends on it.
        """
        for key, member in sorted(parent.members.items(), key=lambda named: self.effort(named[1])):
            inside = depth
            if self.effort(member):
                name = f"C{self.fresh()}"
                self.names[name] = self.concerned_by(member)
                self.write(f"if {target} & {name}:", depth)
                inside = depth + 1
            variable = f"o{self.fresh()}"
            self.write(f"{variable} = {owner}.get({key!r}, ABSENT)", inside)
            if member.path in LISTS:
                self.elements(member, variable, target, inside)
            else:
                self.value(member, variable, target, inside)

    def effort(self, member: _Member) -> int:
        """Rank what it takes to read a member: a plain value, one of many prefixes, an object, a list."""
        if member.path in LISTS or member.members:
            return 3 if member.path in LISTS else 2
        return 0 if member.table in self.defaults else 1

    def concerned_by(self, member: _Member) -> Mask:
        """Return the conjunctions that have a constraint at or below a member."""
        concerned = 0
        for number in member.tables():
            concerned |= self.concerned[number]
        return concerned

    def value(self, member: _Member, variable: str, target: str, depth: int) -> None:
        """Look up a member that may be a text, an object, or now one and now the other."""
        if member.table is not None:
            self.look_up(member.table, variable, target, depth)
        if member.members:
            self.write(f"if {variable}.__class__ is dict:", depth)
            self.members(member, variable, target, depth + 1)
            self.write(f"elif {variable} is ABSENT or {variable} is None:", depth)
            self.absent(member.below(), target, depth + 1)
            self.write("else: exact = 0", depth)

    def look_up(self, number: int, variable: str, target: str, depth: int) -> None:
        """Look up one value."""
        text = f"G{number}({variable}{self.defaults.get(number, '')})"
        other = f"O{number}({variable})"
        self.join(f"if {variable}.__class__ is str:", text, number in self.approximate, target, depth)
        self.write(f"elif {variable} is ABSENT: {target} &= A{number}", depth)
        self.join("else:", other, True, target, depth)

    def join(self, head: str, mask: str, may_be_approximate: bool, target: str, depth: int) -> None:
        """Join a mask. Among a list's elements its EXACT_BIT would get lost, so it is kept apart."""
        if target == "result" or not may_be_approximate:
            self.write(f"{head} {target} &= {mask}", depth)
            return
        self.write(head, depth)
        self.write(f"x = {mask}", depth + 1)
        self.write(f"{target} &= x", depth + 1)
        self.write("exact &= x", depth + 1)

    def absent(self, numbers: list[int], target: str, depth: int) -> None:
        """Join what absence leaves possible in several tables."""
        mask = self.everything
        for number in numbers:
            mask &= self.names[f"A{number}"]
        name = f"N{self.fresh()}"
        self.names[name] = mask
        self.write(f"{target} &= {name}", depth)

    def elements(self, member: _Member, variable: str, target: str, depth: int) -> None:
        """Walk a list: possible is what all tables leave possible for one and the same element."""
        number = self.fresh()
        element, some, one = f"e{number}", f"m{number}", f"r{number}"
        self.write(f"if {variable}.__class__ is list and {variable}:", depth)
        self.write(f"{some} = 0", depth + 1)
        self.write(f"for {element} in {variable}:", depth + 1)
        self.write(f"{one} = {target}", depth + 2)
        self.element(member, element, one, depth + 2)
        self.write(f"{some} |= {one}", depth + 2)
        self.write(f"{target} = {some}", depth + 1)
        self.write(f"elif {variable} is ABSENT or {variable} == []:", depth)
        self.absent(member.tables(), target, depth + 1)
        self.write(f"elif {variable} is None:", depth)
        if member.table is not None:
            self.look_up(member.table, variable, target, depth + 1)
        self.absent(member.below(), target, depth + 1)
        self.write("else: exact = 0", depth)

    def element(self, member: _Member, variable: str, target: str, depth: int) -> None:
        """Look up one element: as a value, as an object, or both."""
        if member.table is not None:
            self.look_up(member.table, variable, target, depth)
        if member.members:
            self.write(f"if {variable}.__class__ is dict:", depth)
            self.members(member, variable, target, depth + 1)
            self.write("else: exact = 0", depth)
