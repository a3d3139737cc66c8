"""docs/outcomes.md has tests for every row, and a row for everything that can happen."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from hubtriage.aws.securityhub.faults import HANDLING
from tests.docs.proofs import named_on, proofs, sections
from tests.lambdas.test_odd_findings import ODDITIES

ROWS = [
    (section, *(cell.strip() for cell in line.strip("|").split("|")))
    for section, text in sections("outcomes")
    for line in text.splitlines()
    if line.startswith("| ") and not line.startswith("| case ")
]


def cases(section: str) -> str:
    return "\n".join(row[1] for row in ROWS if row[0] == section)


def test_the_page_is_read_in_full() -> None:
    assert len(ROWS) > 80
    assert all(len(row) == 3 and all(row) for row in ROWS)


def test_tests_show_every_row_and_nothing_else() -> None:
    assert [(proof.section, proof.claim) for proof in proofs("outcomes")] == [row[:2] for row in ROWS]
    assert all(proof.tests for proof in proofs("outcomes"))


@pytest.mark.parametrize("code", sorted(HANDLING))
def test_every_error_code_has_a_row(code: str) -> None:
    assert f"`{code}`" in cases("Error codes of a finding")


def _operation() -> Any:
    model = botocore.session.get_session().get_service_model("securityhub")
    return model.operation_model("BatchUpdateFindings")


OPERATION = _operation()


@pytest.mark.parametrize("name", sorted(shape.name for shape in OPERATION.error_shapes))
def test_every_exception_of_the_operation_has_a_row(name: str) -> None:
    assert f"`{name}`" in cases("Exceptions of a call")


def _parameters(shape: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from _parameters(member, f"{path}.{name}" if path else name)
    elif shape.type_name == "list":
        yield from _parameters(shape.member, path)
    else:
        yield path


@pytest.mark.parametrize("parameter", sorted(_parameters(OPERATION.input_shape, "")))
def test_every_parameter_of_the_operation_has_a_row(parameter: str) -> None:
    assert f"`{parameter}`" in cases("Limits of the update")


def test_every_oddity_that_is_tested_has_a_row() -> None:
    name = "lambdas/test_odd_findings.py::test_an_oddity_is_read_for_what_it_is"
    tested = {f"{name}[{case.id}]" for case in ODDITIES}
    assert tested
    assert tested <= named_on("outcomes")
