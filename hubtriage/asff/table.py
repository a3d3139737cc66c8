"""Derive the table of a finding's fields from the AWS client library's model.

Loading the library's model takes seconds, loading the table milliseconds. `make asff` writes the table
again; a test fails when it no longer agrees with the installed library.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hubtriage.engine.index import asff_lists

TABLE = Path(__file__).with_name("asff.json")
LISTS = Path(asff_lists.__file__)
REQUIRED = "!"  # names a structure's members that are always there
ANY_NAME = "*"  # stands for every name of a map

PARTITIONS = Path(__file__).with_name("partitions.json")

# AWS: the library's enumeration is older than the partitions that it knows, and than Google's.
_OTHER_PARTITIONS = ("GCP",)
_LETTERS = {"string": "s", "timestamp": "s", "integer": "n", "long": "n", "float": "n", "double": "n"}


def derived() -> dict[str, Any]:
    """Return the table: structures as objects, lists as lists of one, enumerations as `A|B`, else letters."""
    import botocore.session  # slow to import, and only needed here

    model = botocore.session.get_session().get_service_model("securityhub")
    table: dict[str, Any] = _table(model.shape_for("AwsSecurityFinding"))
    return table


def _table(shape: Any) -> Any:
    if shape.type_name == "structure":
        members = {name: _table(member) for name, member in sorted(shape.members.items())}
        return {**members, **({REQUIRED: sorted(shape.required_members)} if shape.required_members else {})}
    if shape.type_name == "list":
        return [_table(shape.member)]
    if shape.type_name == "map":
        return {ANY_NAME: _table(shape.value)}
    if shape.type_name == "boolean":
        return "b"
    values = getattr(shape, "enum", ())
    if shape.name == "Partition":
        values = dict.fromkeys((*values, *derived_partitions(), *_OTHER_PARTITIONS))
    return "|".join(values) or _LETTERS[shape.type_name]


def derived_partitions() -> dict[str, Any]:
    """Return, by partition, the form of its Regions' names (`form`) and those Regions that are known."""
    from botocore.loaders import create_loader  # slow to import, and only needed here

    partitions = create_loader().load_data("partitions")["partitions"]
    return {
        one["id"]: {
            "form": one["regionRegex"].strip("^$"),
            "regions": sorted(name for name in one["regions"] if not name.endswith("-global")),
        }
        for one in partitions
    }


def lists_in(table: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the lists in a table, where lists themselves take no step."""
    if isinstance(table, list):
        yield keys
        yield from lists_in(table[0], keys)
    elif isinstance(table, dict):
        for name, inner in table.items():
            if name not in (REQUIRED, ANY_NAME):
                yield from lists_in(inner, (*keys, name))


def lists_module(table: Any) -> str:
    """Return the source of the module that names the lists to the engine, which reads no files."""
    lines = "\n".join(f'    "{".".join(keys)}",' for keys in sorted(lists_in(table)))
    return f"""\"\"\"The members of a finding that are lists. `make asff` writes this from AWS's model.\"\"\"

_PATHS = (
{lines}
)
LISTS: frozenset[tuple[str, ...]] = frozenset(tuple(path.split(".")) for path in _PATHS)
"""


def main() -> None:
    """Write the table, the module of the lists in it, and the partitions."""
    table = derived()
    PARTITIONS.write_text(json.dumps(derived_partitions(), indent=1) + "\n", encoding="utf-8")
    TABLE.write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="utf-8")
    LISTS.write_text(lists_module(table), encoding="utf-8")


if __name__ == "__main__":
    main()
