"""docs/outcomes.md names a test for every row, and a row for everything that can happen."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
import pytest

from hubtriage.aws.securityhub.faults import HANDLING
from tests.support.paths import TESTS

DOC = (TESTS.parent / "docs" / "outcomes.md").read_text(encoding="utf-8")
ROWS = [
    (section, *(cell.strip() for cell in line.strip("|").split("|")))
    for section, body in re.findall(r"^## (.+)\n([^#]*)", DOC, re.MULTILINE)
    for line in body.splitlines()
    if line.startswith("| ") and not line.startswith("| case ")
]
NAMED = [(row[1], test) for row in ROWS for test in re.findall(r"`([^`]+)`", row[3])]


@cache
def collected() -> frozenset[str]:
    """The ids of all tests in the files that the page names."""
    files = sorted({test.partition("::")[0] for _case, test in NAMED})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    run = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
    return frozenset(line.removeprefix("tests/") for line in run.stdout.splitlines() if "::" in line)


def cases(section: str) -> str:
    return "\n".join(row[1] for row in ROWS if row[0] == section)


def test_the_page_is_read_in_full() -> None:
    assert len(ROWS) == sum(line.startswith("| ") and "| case " not in line for line in DOC.splitlines())
    assert all(len(row) == 4 and all(row) for row in ROWS)
    assert all(any(case == row[1] for case, _test in NAMED) for row in ROWS)


@pytest.mark.parametrize(("case", "test"), NAMED, ids=[f"{case} - {test}" for case, test in NAMED])
def test_the_test_of_a_row_exists(case: str, test: str) -> None:
    assert any(known == test or known.startswith(f"{test}[") for known in collected())


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
    tested = {known for known in collected() if "::test_an_oddity_is_read_for_what_it_is[" in known}
    assert tested
    assert tested <= {test for _case, test in NAMED}
