"""The image for pipelines, as far as its text says. Nothing builds it here."""

import re
import tomllib

from tests.support.paths import ROOT

TEXT = (ROOT / "deploy" / "ci" / "Dockerfile").read_text(encoding="utf-8")
LINES = [line for line in re.sub(r" *\\\n", "", TEXT).splitlines() if line and not line.startswith("#")]


def test_its_images_have_a_version() -> None:
    images = [line.split()[1] for line in LINES if line.startswith("FROM ")]
    assert len(images) == 2
    assert all(re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z-]+", image) for image in images)


def test_it_installs_the_version_of_this_checkout() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"ARG HUBTRIAGE_VERSION={project['version']}" in LINES
    assert 'RUN pip install "hubtriage[deploy]==${HUBTRIAGE_VERSION}"' in LINES


def test_it_does_not_run_as_root() -> None:
    users = [line.split()[1] for line in LINES if line.startswith("USER ")]
    assert users == ["10001"]
    after = LINES[LINES.index("USER 10001") :]
    assert not [line for line in after if line.startswith(("RUN", "COPY", "ADD"))]


def test_it_takes_no_file_of_the_folder_and_no_script_of_the_web() -> None:
    assert not [line for line in LINES if line.startswith("ADD ") or re.match(r"COPY (?!--from=)", line)]
    assert not re.search(r"curl|wget|https?://", "\n".join(LINES))


def test_it_says_that_it_was_never_built() -> None:
    assert "No test builds it" in TEXT
