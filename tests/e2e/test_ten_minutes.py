"""The first ten minutes, run as a newcomer would: a wheel, an empty folder, and the commands of the page."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hubtriage.localaws.cloud import LocalCloud
from tests.e2e.documented import commands
from tests.support.paths import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PAGE = "ten-minutes"
TEN_MINUTES = 600
_NOT_A_NEWCOMERS = ("AWS_", "VIRTUAL_ENV", "PYTHON", "HUBTRIAGE", "MAKE", "CDK_")
_GIT = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ana"), ("EMAIL", "ana@example.com"))
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel, and the pinned versions of what it needs."""
    folder = tmp_path_factory.mktemp("packages")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line.rstrip(" \\") for line in lines if "==" in line[:60]]
    (folder / "versions.txt").write_text("\n".join(pinned))
    return folder


def blocks(heading: str) -> str:
    """What stands in the `sh` blocks under a heading."""
    text = (ROOT / "docs" / f"{PAGE}.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return "".join(re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL))


class Terminal:
    """A shell in an empty folder: each block goes on where the one before it ended."""

    def __init__(self, folder: Path, packages: Path) -> None:
        self._state = folder / "state.sh"
        self.transcript = folder / "transcript.txt"
        self._state.write_text(f"cd {folder / 'empty'}\n")
        (folder / "empty").mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_A_NEWCOMERS)}
        links = " ".join([str(packages), kept.get("PIP_FIND_LINKS", "")]).strip()
        path = [each for each in kept["PATH"].split(os.pathsep) if not each.startswith(str(ROOT))]
        self.environment = (
            kept
            | _GIT
            | {
                "PATH": os.pathsep.join(path),
                "PIP_FIND_LINKS": links,
                "PIP_CONSTRAINT": str(packages / "versions.txt"),
                "PIP_PRE": "1",
                "CDK_DISABLE_CLI_TELEMETRY": "true",
            }
        )

    def run(self, script: str) -> str:
        """Run a block: what it says. Every command has to end with 0."""
        whole = f"set -e\n. {self._state}\n{script}\necho \"cd '$PWD'\" > {self._state}\n"
        whole += f'[ -z "$VIRTUAL_ENV" ] || echo ". \'$VIRTUAL_ENV/bin/activate\'" >> {self._state}\n'
        done = subprocess.run(
            ["bash", "-c", whole],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TEN_MINUTES,
        )
        with self.transcript.open("a") as file:
            file.write(f"{script}\n{done.stdout}\n")
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout


def test_a_newcomer_gets_there(tmp_path: Path, packages: Path) -> None:
    begun = time.monotonic()
    terminal = Terminal(tmp_path, packages)
    assert "accounted for" in terminal.run(blocks("Install, and see it run"))
    terminal.run(blocks("A repository of rules"))
    assert "4 passed" in terminal.run(blocks("A rule"))
    with LocalCloud() as cloud:
        terminal.environment |= cloud.environment | {
            "NODE_EXTRA_CA_CERTS": cloud.environment.get("AWS_CA_BUNDLE", "")
        }
        deployed = terminal.run(blocks("Deploy it to the local AWS"))
        assert "2 rules" in deployed
        seen = terminal.run(blocks("See it work"))
        assert "SUPPRESSED\tAccepted in the sandbox until 2027-12-31 (SEC-1042)." in seen
        ended = terminal.run(blocks("End the rule"))
        assert ended.rstrip().endswith("NEW")
        terminal.run(blocks("Upgrade"))
        terminal.run(blocks("Remove it"))
    assert time.monotonic() - begun < TEN_MINUTES


def test_every_command_of_the_page_is_run() -> None:
    named = {heading for heading, lines in commands(PAGE).items() if lines}
    assert named == {
        "Install, and see it run",
        "A repository of rules",
        "A rule",
        "Deploy it to the local AWS",
        "See it work",
        "End the rule",
        "Upgrade",
        "Remove it",
    }
