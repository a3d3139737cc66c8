"""Build the Lambda package: only what the function needs, and the same bytes from the same sources.

No Docker: on any machine, `uv` installs wheels made for the function's processor and Python.
"""

import atexit
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from hubtriage.localaws.synth import FOR_THIS_MACHINE

from .places import LAMBDAS, PACKAGE

PYTHON_VERSION = "3.14"
# AWS: Lambda's Python runtimes since 3.12 run on Amazon Linux 2023, whose glibc is 2.34.
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}
SOURCES = ("__init__.py", "engine", "aws")
# The metadata to keep of each dependency: the licence, which goes with the code, and the name and version, by
# which Amazon Inspector finds vulnerable packages. The rest differs between installations.
KEPT_METADATA = ("METADATA", "LICENSE", "licenses")


@dataclass(eq=False)
class BundleError(RuntimeError):
    """Raised if the dependencies cannot be installed."""

    message: str

    def __str__(self) -> str:
        return f"{self.message}\n  hint: check that the package index can be reached"


DELIVERING = ("chat", "tickets")
"""The functions that deliver decisions; they decide nothing, so their packages hold no rules."""
DECIDING = ("triage", "sweep")
"""The functions that decide; they need to know where decisions are delivered."""


def build_package(
    target: Path,
    function: str,
    ruleset: Mapping[str, Any],
    architecture: str,
    deliveries: Mapping[str, Any] | None = None,
) -> Path:
    """Fill the empty folder `target` with the package of `lambdas/<function>` and return it.

    `deliveries` is what `deliveries.json` is to hold; there is none if nothing is delivered.
    Raises BundleError if the pinned dependencies cannot be installed for the architecture.
    """
    processor = None if os.environ.get(FOR_THIS_MACHINE) else architecture
    shared = dependencies(_requirements({} if function in DELIVERING else ruleset), processor)
    shutil.copytree(shared, target, copy_function=_linked, dirs_exist_ok=True)
    for source in SOURCES:
        _copy(PACKAGE / source, target / "hubtriage" / source)
    for source in ("__init__.py", function):
        _copy(LAMBDAS / source, target / "lambdas" / source)
    if function not in DELIVERING:
        (target / "ruleset.json").write_text(canonical_json(ruleset), encoding="utf-8")
    if function in DECIDING and deliveries is not None:
        (target / "deliveries.json").write_text(canonical_json(deliveries), encoding="utf-8")
    _make_readable(target)
    return target


def read_ruleset(package: Path) -> dict[str, Any]:
    """Return the rule set of a package. The stack derives from it, so permissions and code always agree."""
    ruleset: dict[str, Any] = json.loads((package / "ruleset.json").read_text(encoding="utf-8"))
    return ruleset


def canonical_json(document: Mapping[str, Any]) -> str:
    """Return compact JSON with sorted keys: equal documents give equal bytes, and so an equal asset hash."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _requirements(ruleset: Mapping[str, Any]) -> tuple[Path, ...]:
    """Return the files to install; RE2 only if a rule uses `regex`, else the package is pure Python."""
    files = (LAMBDAS / "requirements.txt",)
    return (*files, LAMBDAS / "requirements-regex.txt") if ruleset.get("regex") else files


@cache
def dependencies(requirements: tuple[Path, ...], architecture: str | None) -> Path:
    """Return a folder with the dependencies, there until this process ends: all functions have the same.

    Without an architecture they are for this machine. Raises BundleError.
    """
    target = Path(tempfile.mkdtemp(prefix="hubtriage-dependencies-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    if architecture is None:
        _copy_installed(target, requirements)
    else:
        _install(target, requirements, architecture)
    _prune(target)
    return target


def _linked(source: str, target: str) -> str:
    """Put a file there that is changed no more: a second name for it, or a copy on another disk."""
    try:
        os.link(source, target)
    except OSError:
        return str(shutil.copy2(source, target))
    return target


def _install(target: Path, requirements: tuple[Path, ...], architecture: str) -> None:
    """Install wheels only, each checked against the hashes of the project's lock file."""
    files = [option for file in requirements for option in ("--requirement", str(file))]
    command = [
        find_uv_bin(), "pip", "install", "--quiet", "--target", str(target), "--link-mode", "copy",
        "--python-version", PYTHON_VERSION, "--python-platform", PLATFORMS[architecture],
        "--only-binary", ":all:", "--no-deps", "--require-hashes",
        "--constraints", str(LAMBDAS / "lock.txt"), *files,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BundleError(f"the Lambda package's dependencies could not be installed:\n{done.stderr.strip()}")


def _copy_installed(target: Path, requirements: tuple[Path, ...]) -> None:
    """Copy what this Python has installed: it is of the same processor and version, and needs no network."""
    for name in chain.from_iterable(map(_names, requirements)):
        for file in distribution(name).files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                path = target / file
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), path)


def _names(requirements: Path) -> Iterator[str]:
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.partition("==")[0]


def _prune(target: Path) -> None:
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)
    for metadata in target.glob("*.dist-info"):
        for item in metadata.iterdir():
            if not item.name.startswith(KEPT_METADATA):
                shutil.rmtree(item) if item.is_dir() else item.unlink()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=_not_python)
    else:
        shutil.copyfile(source, target)


def _not_python(folder: str, names: list[str]) -> list[str]:
    """Return the names that are neither a module nor a folder of modules; copytree leaves them out."""
    return [name for name in names if name == "__pycache__" or not _is_source(Path(folder, name))]


def _is_source(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".py"


def _make_readable(target: Path) -> None:
    """Undo a strict umask: Lambda reads the files as another user than the one that packed them."""
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
