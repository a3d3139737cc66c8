"""The commands in our documents, and a user's checkout in which they can be run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubtriage.localaws.cloud import LocalCloud
from tests.support.paths import ROOT

PROJECT = ROOT
REMEMBERED_APP = Path(__file__).with_name("remembered_app.py")
_COPIED = (
    *("app.py", "cdk.json", "hubtriage", "infra", "lambdas", "docs", "Makefile", ".gitignore"),
    *("requirements*", "pyproject.toml", "package*.json", ".npmrc"),
)
"""What deploying needs of the project, less its rules."""
_PATIENCE = 300
_GIT = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false")


def commands(page: str) -> dict[str, list[str]]:
    """The commands of docs/PAGE.md by the heading that they stand under: each line of its `sh` blocks.

    One that goes on in the next line is one command.
    """
    found = {}
    for heading, section in _sections(page).items():
        blocks = [re.sub(r" \\\n\s*", " ", block) for block in _blocks(section, "sh")]
        lines = [line for block in blocks for line in block.splitlines() if line.strip()]
        if lines:
            found[heading] = lines
    return found


def inline_commands(tool: str, *pages: str) -> list[tuple[str, list[str]]]:
    """The commands of a tool in the text of pages of docs, outside of blocks: each with all its options."""
    found: dict[str, set[str]] = {}
    for page in pages:
        for command, rest in re.findall(rf"`({tool} [a-z]+)([^`\n]*)`", "\n".join(_sections(page).values())):
            found.setdefault(command, set()).update(re.findall(r"--[a-z-]+", rest))
    return [(command, sorted(options)) for command, options in sorted(found.items())]


def statements(page: str, heading: str, account: str) -> list[dict[str, Any]]:
    """Those of the IAM policy that docs/PAGE.md shows under a heading, for this account."""
    (policy,) = _blocks(_sections(page)[heading], "json")
    found: list[dict[str, Any]] = json.loads(policy.replace("111122223333", account))["Statement"]
    return found


def _sections(page: str) -> dict[str, str]:
    """The text under each heading; a `#` in a block is no heading."""
    found: dict[str, str] = {}
    heading, fenced = "", False
    for line in (PROJECT / "docs" / f"{page}.md").read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            heading = line.lstrip("# ")
        else:
            found[heading] = f"{found.get(heading, '')}{line}\n"
    return found


def _blocks(section: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


@dataclass
class Checkout:
    """A clone of the project with its own rules; what `make setup` installs is there already.

    `ran` are the commands that were run in it.
    """

    origin: Path
    folder: Path
    cloud: LocalCloud
    ran: list[str] = field(default_factory=list)

    def run(
        self, command: str, answer: str = "", instead: Mapping[str, str] | None = None, **environment: str
    ) -> str:
        """Run a command as a person would: what it says. It has to end with 0.

        `instead`: what a person puts in the place of a sample.
        """
        self.ran.append(command)
        for sample, value in (instead or {}).items():
            assert sample in command
            command = command.replace(sample, value)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment() | environment,
            input=answer,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}"
        return done.stdout

    def publish(self, rules: str) -> None:
        """Somebody else changes the rules, and it is merged."""
        _commit(self.origin, rules)

    def _environment(self) -> dict[str, str]:
        """The environment of a shell on a machine of one's own.

        At CDK's questions, whether permissions may change and whether to destroy, the answer is yes.
        """
        path = os.pathsep.join([str(self.folder / ".venv" / "bin"), os.environ["PATH"]])
        remembered = [sys.executable, str(REMEMBERED_APP), str(self.folder.parent / "assemblies")]
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE"))},
            **self.cloud.environment,
            "PATH": path,
            "CDK_HOME": str(self.folder.parent / "cdk"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "NODE_EXTRA_CA_CERTS": self.cloud.environment["AWS_CA_BUNDLE"],
            "CDK_APP": shlex.join(remembered),
            "CDK_YES": "true",
            "CDK_NOTICES": "false",
            "CDK_VALIDATION": "false",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }


def cloned(folder: Path, cloud: LocalCloud, rules: str, **settings: object) -> Checkout:
    """Clone the project, with these rules and settings instead of its own."""
    origin, checkout = folder / "origin", folder / "checkout"
    _copy_project(origin)
    _set(origin / "cdk.json", settings)
    _git(origin, "init", "--quiet", "--initial-branch", "main")
    _commit(origin, rules)
    _git(folder, "clone", "--quiet", str(origin), str(checkout))
    for name in (".venv", "node_modules"):
        _install(PROJECT / name, checkout / name)
    return Checkout(origin, checkout, cloud)


def _copy_project(target: Path) -> None:
    target.mkdir()
    for source in (path for pattern in _COPIED for path in PROJECT.glob(pattern)):
        if source.is_dir():
            shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target / source.name)


def _set(cdk_json: Path, settings: dict[str, object]) -> None:
    content = json.loads(cdk_json.read_text(encoding="utf-8"))
    content["context"] |= {f"hubtriage:{name.replace('_', '-')}": value for name, value in settings.items()}
    cdk_json.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _commit(repository: Path, rules: str) -> None:
    (repository / "rules").mkdir(exist_ok=True)
    (repository / "rules" / "rules.yaml").write_text(rules, encoding="utf-8")
    _git(repository, "add", "--all")
    _git(repository, "commit", "--quiet", "--message", "Change the rules")


def _install(installed: Path, target: Path) -> None:
    """Put links to what is installed there, and make's mark that it is newer than what asks for it."""
    target.mkdir()
    for entry in installed.iterdir():
        if entry.name != "ready":
            (target / entry.name).symlink_to(entry)
    (target / "ready").touch()


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *_GIT, *arguments], cwd=folder, check=True)
