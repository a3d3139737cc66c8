"""Makes what a release consists of, and checks that it may be one. It publishes nothing.

`check` compares the tag in $TAG with the version, and reads what the changelog says of it. `build` writes
the wheel and the sdist, `sbom` the lists of what they and the functions are made of, `starter` the package of
the rules to begin with, and `sums` the SHA-256 of all that. It is the same, byte for byte, for the same
commit. Only `starter` asks the package index, for what the functions need.

Exit codes: 0 done, 1 it may not be released, 2 something cannot be made.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from hubtriage.packaging.zips import packed

ROOT = Path(__file__).resolve().parents[1]
RELEASE = Path("build") / "release"
EPOCH = "SOURCE_DATE_EPOCH"
OBSERVE = 'initial-mode = "observe"'
SBOMS = {"functions": "lambdas/lock.txt", "development": "requirements.txt"}
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_SECTION = r"^## {version} \(\d{{4}}-\d{{2}}-\d{{2}}\)\n(?P<notes>.*?)(?=^## |\Z)"


class ReleaseError(Exception):
    """It may not be released, or cannot be made; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one step, and return the exit code."""
    parser = argparse.ArgumentParser(prog="release", description=__doc__)
    parser.add_argument("step", choices=list(STEPS))
    parser.add_argument("--out", type=Path, default=RELEASE, help="folder to write")
    chosen = parser.parse_args(arguments)
    try:
        STEPS[chosen.step](chosen.out.resolve())
    except ReleaseError as error:
        sys.stderr.write(f"release: {error}\n")
        return 1
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"release: {error}\n{_said(error)}")
        return 2
    return 0


def _said(error: Exception) -> str:
    said = getattr(error, "stderr", None)
    return said.decode(errors="replace") if isinstance(said, bytes) else ""


def version() -> str:
    """Return the version of the project."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(document["project"]["version"])


def check(out: Path) -> None:
    """Write the notes of the release, unless the tag, the version or the changelog are wrong."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    notes = notes_of(os.environ.get("TAG", ""), version(), changelog)
    out.mkdir(parents=True, exist_ok=True)
    (out / "notes.md").write_text(notes, encoding="utf-8")


def notes_of(tag: str, version: str, changelog: str) -> str:
    """Return the section of a version in the changelog. Raises ReleaseError."""
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"version {version!r} of pyproject.toml is not such as 1.2.3")
    if tag != f"v{version}":
        raise ReleaseError(f"the tag is {tag!r} and pyproject.toml has {version}: tag it v{version}")
    found = re.search(_SECTION.format(version=re.escape(version)), changelog, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ReleaseError(f"CHANGELOG.md has no section `## {version} (YYYY-MM-DD)`")
    notes = found["notes"].strip()
    if not re.search(r"^[-*] \S", notes, re.MULTILINE):
        raise ReleaseError(f"CHANGELOG.md says nothing of {version}")
    return f"{notes}\n"


def build(out: Path) -> None:
    """Write the wheel and the sdist."""
    target = out / "dist"
    shutil.rmtree(target, ignore_errors=True)
    _run([sys.executable, "-m", "hatchling", "build", "-d", str(target)], {EPOCH: epoch()})


def sbom(out: Path) -> None:
    """Write a CycloneDX document for the functions and one for all that develops and tests them.

    What is written was validated against the schema of CycloneDX.
    """
    out.mkdir(parents=True, exist_ok=True)
    program = ROOT / "build" / "sbom" / "bin" / "cyclonedx-py"
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--sv", "1.6", "--validate"]
    for name, lock in SBOMS.items():
        file = out / f"hubtriage-{version()}.{name}.cdx.json"
        _run([str(program), "requirements", lock, *options, "-o", str(file)], {EPOCH: epoch()})


def starter(out: Path) -> None:
    """Write the package of the rules that `hubtriage init` writes, as a zip.

    It begins in `observe`: to deploy it changes no finding.
    """
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hubtriage"]
    with TemporaryDirectory() as folder:
        repository, package = Path(folder, "hubtriage-starter"), Path(folder, "package")
        _run([*command, "init", str(repository)])
        settings = repository / "hubtriage.toml"
        settings.write_text(f"{settings.read_text(encoding='utf-8')}\n{OBSERVE}\n", encoding="utf-8")
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        variables = {"HUBTRIAGE_CONFIG": str(settings), "HUBTRIAGE_TARGET": "", "PYTHONPATH": paths}
        _run([*command, "package", "--out", str(package)], variables, repository)
        (out / f"hubtriage-{version()}-cloudformation.zip").write_bytes(packed(package))


def sums(out: Path) -> None:
    """Write the SHA-256 of each file, as `sha256sum --check` reads it."""
    files = {path.name: path for path in out.rglob("*") if path.is_file() and path.suffix in _RELEASED}
    lines = (f"{sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in sorted(files.items()))
    (out / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def epoch() -> str:
    """Return the time of the commit, or the one that the environment names, as epoch seconds."""
    named = os.environ.get(EPOCH)
    return named or _run(["git", "log", "-1", "--format=%ct"]).strip()


def _run(command: Sequence[str], variables: Mapping[str, str] | None = None, folder: Path = ROOT) -> str:
    environment = {**os.environ, **(variables or {})}
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return done.stdout.decode()


_RELEASED = {".whl", ".gz", ".zip", ".json"}
STEPS: Mapping[str, Callable[[Path], None]] = {
    "check": check,
    "build": build,
    "sbom": sbom,
    "starter": starter,
    "sums": sums,
}

if __name__ == "__main__":
    sys.exit(main())
