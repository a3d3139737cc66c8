"""What a release is made of: the same bytes twice, listed, and nothing without a version and a changelog."""

import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from uv import find_uv_bin

from hubtriage.localaws.synth import FOR_THIS_MACHINE
from tests.support.paths import ROOT
from tests.support.terminals import environment

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
CHANGELOG = """\
# Changelog

## Unreleased

- later

## 1.2.3 (2026-12-01)

### Rules

- now

## 1.2.2 (2026-11-01)
"""
COMMITTED = "1700000000"


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("release", ROOT / ".ci" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(step: str, out: Path, checkout: Path = ROOT, **others: str) -> subprocess.CompletedProcess[str]:
    variables = environment(SOURCE_DATE_EPOCH=COMMITTED, **others)
    return subprocess.run(
        [sys.executable, ".ci/release.py", step, "--out", str(out)],
        cwd=checkout,
        env={**variables, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_notes_are_the_section_of_the_version(release: ModuleType) -> None:
    assert release.notes_of("v1.2.3", "1.2.3", CHANGELOG) == "### Rules\n\n- now\n"


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "said"),
    [
        pytest.param("v1.2.4", "1.2.3", CHANGELOG, "tag it v1.2.3", id="another version"),
        pytest.param("1.2.3", "1.2.3", CHANGELOG, "tag it v1.2.3", id="a tag without v"),
        pytest.param("", "1.2.3", CHANGELOG, "tag it v1.2.3", id="no tag"),
        pytest.param("v1.2.3-x", "1.2.3-x", CHANGELOG, "is not such as 1.2.3", id="no version"),
        pytest.param("v1.02.3", "1.02.3", CHANGELOG, "is not such as 1.2.3", id="a zero in front"),
        pytest.param("v1.2.2", "1.2.2", CHANGELOG, "says nothing of 1.2.2", id="an empty section"),
        pytest.param("v1.2.5", "1.2.5", CHANGELOG, "has no section", id="no section"),
        pytest.param(
            "v1.2.3", "1.2.3", CHANGELOG.replace("2026-12-01", "unreleased"), "has no section", id="no date"
        ),
        pytest.param(
            "v1.2.3", "1.2.3", CHANGELOG.replace("1.2.3 (", "1x2y3 ("), "has no section", id="a near miss"
        ),
    ],
)
def test_what_does_not_agree_is_not_released(
    release: ModuleType, tag: str, version: str, changelog: str, said: str
) -> None:
    with pytest.raises(release.ReleaseError, match=re.escape(said)):
        release.notes_of(tag, version, changelog)


def test_a_tag_is_never_a_part_of_a_command(tmp_path: Path) -> None:
    done = run("check", tmp_path, TAG="v1$(touch hit)`touch hit`;touch hit")
    assert done.returncode == 1
    assert done.stderr.startswith("release: the tag is 'v1$(touch hit)")
    assert not list(tmp_path.iterdir())
    assert not (ROOT / "hit").exists()
    recipe = (
        (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nrelease-check:")[2].partition("\n\n")[0]
    )
    assert "$(TAG)" not in recipe, "make would put it into the command"


def copied(folder: Path) -> Path:
    """A checkout as git would make it, with other times, in another folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    for name in sorted(filter(None, listed.decode().split("\0")), reverse=True):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The wheel and the sdist of a checkout."""
    folder = tmp_path_factory.mktemp("first")
    done = run("build", folder / "out", copied(folder / "checkout"))
    assert done.returncode == 0, done.stderr
    return contents(folder / "out" / "dist")


def test_wheel_and_sdist_are_the_same_twice(dist: dict[str, bytes], tmp_path: Path) -> None:
    checkout = copied(tmp_path / "another folder")
    (checkout / "build").mkdir()
    (checkout / "build" / "left-over.txt").write_text("not of the release")
    done = run("build", tmp_path / "out", checkout, TZ="Pacific/Kiritimati", PYTHONHASHSEED="3", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert set(dist) == {f"hubtriage-{VERSION}.tar.gz", f"hubtriage-{VERSION}-py3-none-any.whl"}
    assert contents(tmp_path / "out" / "dist") == dist


def test_the_wheel_has_what_it_needs_and_the_sdist_what_makes_the_wheel(
    dist: dict[str, bytes], tmp_path: Path
) -> None:
    with zipfile.ZipFile(io.BytesIO(dist[f"hubtriage-{VERSION}-py3-none-any.whl"])) as wheel:
        names = set(wheel.namelist())
    for name in ("infra/app.py", "lambdas/lock.txt", "packaging/package.py", "infra/cdk.json"):
        assert f"hubtriage/{name}" in names
    with tarfile.open(fileobj=io.BytesIO(dist[f"hubtriage-{VERSION}.tar.gz"])) as sdist:
        sdist.extractall(tmp_path, filter="data")
    done = run("build", tmp_path / "out", tmp_path / f"hubtriage-{VERSION}")
    assert done.returncode == 0, done.stderr
    again = contents(tmp_path / "out" / "dist")
    assert again[f"hubtriage-{VERSION}-py3-none-any.whl"] == dist[f"hubtriage-{VERSION}-py3-none-any.whl"]


def test_the_package_of_the_starter_rules_begins_by_observing(tmp_path: Path) -> None:
    """For this machine, since the index need not be there; a release has it for the stack's processor."""
    for name in ("one", "two"):
        done = run(
            "starter",
            tmp_path / name,
            TMPDIR=str(tmp_path),
            **{FOR_THIS_MACHINE: "1", "CDK_VALIDATION": "false"},
        )
        assert done.returncode == 0, done.stderr
    made = contents(tmp_path / "one")
    assert made == contents(tmp_path / "two")
    with zipfile.ZipFile(io.BytesIO(made[f"hubtriage-{VERSION}-cloudformation.zip"])) as archive:
        template = json.loads(archive.read("hubtriage.template.json"))
        assert json.loads(archive.read("manifest.json"))["complete"] is True
        assert b"aws cloudformation deploy" in archive.read("README.md")
    modes = {
        each["Properties"]["InitialMode"]
        for each in template["Resources"].values()
        if each["Type"] == "Custom::HubtriageMode"
    }
    assert modes == {"observe"}
    assert "Rules" not in template, "for any account and Region"


def test_the_sums_are_as_sha256sum_reads_them(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "b.whl").write_text("b")
    (tmp_path / "a.zip").write_text("a")
    (tmp_path / "notes.md").write_text("not published as a file")
    assert run("sums", tmp_path).returncode == 0
    shutil.move(tmp_path / "dist" / "b.whl", tmp_path)  # as on the page of a release
    done = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "a.zip: OK\nb.whl: OK\n"


def test_the_lists_name_what_is_pinned_and_are_valid(tmp_path: Path) -> None:
    """CycloneDX's own library makes and validates them."""
    tool = ROOT / "build" / "sbom"
    if not (tool / "ready").exists():  # `make release` makes it, too
        python = str(tool / "bin" / "python")
        sync = ["pip", "sync", "--quiet", "--require-hashes", "--python", python, ".ci/sbom.txt"]
        for arguments in (["venv", "--quiet", "--clear", "--python", sys.executable, str(tool)], sync):
            subprocess.run([find_uv_bin(), *arguments], cwd=ROOT, check=True, env=dict(os.environ))
    for name in ("one", "two"):
        done = run("sbom", tmp_path / name)
        assert done.returncode == 0, done.stderr
    made = contents(tmp_path / "one")
    assert made == contents(tmp_path / "two")
    for kind, lock in {"functions": "lambdas/lock.txt", "development": "requirements.txt"}.items():
        document = json.loads(made[f"hubtriage-{VERSION}.{kind}.cdx.json"])
        pinned = re.findall(
            r"^([\w.-]+)==([^ ;\\]+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE
        )
        assert {(each["name"], each["version"]) for each in document["components"]} == set(pinned)
        assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
        component = document["metadata"]["component"]
        assert (component["name"], component["version"]) == ("hubtriage", VERSION)
        assert document["metadata"]["timestamp"].startswith("2023-11-14")
