"""What others wrote and we install: pinned by content, and asked about."""

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.support.paths import ROOT

LOCKS = ("requirements.txt", ".ci/audit.txt", ".ci/sbom.txt")
PINNED = re.compile(r"[a-z0-9][a-z0-9._-]*==[^ ;\\]+(?: ; [^\\]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+")


def entries(lock: str) -> list[str]:
    """The entries of a lock file, each with the lines that go on with it."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return [entry for entry in re.split(r"\n(?! )", text.strip()) if not entry.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_python_package_is_pinned_with_its_hashes(lock: str) -> None:
    assert len(entries(lock)) > 10
    assert [entry for entry in entries(lock) if not PINNED.fullmatch(entry)] == []


@pytest.mark.parametrize("shipped", ["lambdas/requirements.txt", "lambdas/requirements-regex.txt"])
def test_what_ships_in_a_function_is_what_the_lock_file_pins(shipped: str) -> None:
    locked = {entry.split()[0] for entry in entries("requirements.txt")}
    lines = (ROOT / shipped).read_text(encoding="utf-8").splitlines()
    named = {line.split()[0] for line in lines if line and not line.startswith("#")}
    assert named
    assert named <= locked


def test_pip_installs_nothing_without_its_hash() -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    by_pip = [line for line in lines if "-m pip install" in line]
    assert len(by_pip) == 1, "what brings the rest"
    assert "--require-hashes" in by_pip[0]


def test_every_node_package_is_pinned_with_its_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    others = {name: each for name, each in packages.items() if name}
    assert others
    assert [name for name, each in others.items() if not each["integrity"].startswith("sha512-")] == []


@pytest.fixture(scope="module")
def audit() -> Iterator[ModuleType]:
    """The module of `make audit`, which is in no package."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["audit"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["audit"]


GOOD = {"name": "jmespath", "version": "1.1.0", "vulns": []}
BAD = {"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"], "aliases": []}]}
UNKNOWN = {"name": "y", "skip_reason": "Dependency not found on PyPI and could not be audited: y (1)"}


@pytest.mark.parametrize(
    ("dependencies", "asked", "vulnerable", "unasked"),
    [
        pytest.param([GOOD], 1, (), 0, id="none is known"),
        pytest.param([GOOD, BAD], 2, ("x 1: PYSEC-1, fixed in 2",), 0, id="one is known"),
        pytest.param([UNKNOWN], 0, (), 1, id="what is not found is not thought good"),
        pytest.param([GOOD, UNKNOWN, BAD], 2, ("x 1: PYSEC-1, fixed in 2",), 1, id="all three"),
    ],
)
def test_the_answer_of_pip_audit_is_read(audit, dependencies, asked, vulnerable, unasked) -> None:
    answer = audit.read_pip_audit(json.dumps({"dependencies": dependencies, "fixes": []}), "")
    assert (answer.asked, answer.vulnerable, len(answer.unasked)) == (asked, vulnerable, unasked)


def test_the_answer_of_npm_is_read(audit) -> None:
    report = {"vulnerabilities": {"z": {"severity": "high"}}, "metadata": {"dependencies": {"total": 7}}}
    assert audit.read_npm_audit(json.dumps(report), "") == audit.Answer(7, ("z: high",))


@pytest.mark.parametrize(
    ("reader", "output"),
    [
        pytest.param("read_pip_audit", "", id="pip-audit without an answer"),
        pytest.param("read_npm_audit", '{"message": "405 Method Not Allowed"}', id="npm with an error"),
        pytest.param("read_npm_audit", "<html>", id="npm with something else"),
    ],
)
def test_who_cannot_be_asked_has_given_no_good_answer(audit, reader: str, output: str) -> None:
    answer = getattr(audit, reader)(output, "ConnectionError: no route")
    assert answer.asked == 0
    assert answer.unasked
    assert any("NOT AUDITED" in line for line in audit.told({"x": answer}))


@pytest.mark.parametrize(
    ("vulnerable", "unasked", "require", "code"),
    [
        pytest.param((), (), True, 0, id="nothing is known of any"),
        pytest.param(("x",), (), False, 1, id="a known vulnerability fails"),
        pytest.param(("x",), ("y",), True, 1, id="a known vulnerability comes first"),
        pytest.param((), ("y",), False, 0, id="where nobody can be asked the build goes on"),
        pytest.param((), ("y",), True, 2, id="unless it must not"),
    ],
)
def test_what_fails_the_build(audit, vulnerable, unasked, require: bool, code: int) -> None:
    assert audit.verdict([audit.Answer(1, vulnerable, unasked), audit.Answer(2)], require=require) == code
