"""Derives the table of a finding's fields from the AWS client library's own model of them.

Loading the library's model takes seconds, the table milliseconds; `make asff` writes it again, and a test
says when it no longer agrees with the library that is installed.
"""

import json
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("asff.json")
REQUIRED = "!"  # names a structure's members that are always there
ANY_NAME = "*"  # stands for every name of a map

_LETTERS = {"string": "s", "timestamp": "s", "integer": "n", "long": "n", "float": "n", "double": "n"}


def derived() -> dict[str, Any]:
    """The table: structures as objects, lists as lists of one, enumerations as `A|B`, else a letter."""
    import botocore.session  # slow to import, and only this derivation needs it

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
    return "|".join(getattr(shape, "enum", ())) or _LETTERS[shape.type_name]


def main() -> None:
    """Write the table."""
    TABLE.write_text(json.dumps(derived(), separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
