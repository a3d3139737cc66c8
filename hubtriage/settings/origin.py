"""Where the rules that are about to be deployed come from, as git knows it."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hubtriage.aws.deployment.identity import RulesIdentity, identity_of
from hubtriage.settings.samples import are_samples

_SCP = re.compile(r"(?:[^/@]*@)?(?P<host>\[[^\]]+\]|[^/:\[\]]{2,}):(?P<path>.+)", re.DOTALL)
_CODECOMMIT = re.compile(r"codecommit:(?::(?P<region>[a-z0-9-]+):)?//(?:[^/@]*@)?(?P<name>[^/@]+)")
"""AWS: the address of git-remote-codecommit; before the @ is a profile of the person."""
_LOOKED_AT = 100
"""Commits among which the time of a revision is the latest: the clock of one author may be slow."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A folder of rules in its repository, as in RulesIdentity."""

    folder: str
    repository: str
    is_known: bool
    committed: int | None


def rules_identity(folder: Path, document: Mapping[str, Any]) -> RulesIdentity:
    """Return the identity of the compiled rules of a folder."""
    origin = origin_of(folder)
    return identity_of(
        document,
        folder=origin.folder,
        repository=origin.repository,
        is_known=origin.is_known,
        committed=origin.committed,
        are_samples=are_samples(document),
    )


def origin_of(folder: Path) -> Origin:
    """Return where a folder is from. Without git, its repository is the folder that it is in."""
    here = folder.resolve()
    top = git(here, "rev-parse", "--show-toplevel")
    if not top:
        return Origin(here.name, here.parent.name, is_known=False, committed=None)
    home = Path(top)
    inside = here.relative_to(home).as_posix() if here.is_relative_to(home) else here.name
    remote = repository_of(_remote(here))
    return Origin(inside, remote or home.name, is_known=remote is not None, committed=_committed(here))


def _remote(folder: Path) -> str:
    """Return the address of `origin`, or of the only remote that there is, as it is configured."""
    names = (git(folder, "remote") or "").split()
    name = "origin" if "origin" in names else names[0] if len(names) == 1 else None
    return (name and git(folder, "config", "--get", f"remote.{name}.url")) or ""


def repository_of(address: str) -> str | None:
    """Return a repository's name from its address: the same by ssh and by https, and without credentials.

    None where the address names none.
    """
    if found := _CODECOMMIT.fullmatch(address):
        return "/".join(part for part in ("codecommit", found["region"], found["name"]) if part)
    if "://" in address:
        return _of_url(address)
    found = _SCP.fullmatch(address)
    if found is None:
        return _bare(address) or None
    return _joined(found["host"], found["path"])


def _of_url(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    return _bare(parts.path) or None if host is None else _joined(host, parts.path)


def _joined(host: str, path: str) -> str | None:
    bare = _bare(path).lstrip("/")
    return f"{host.lower()}/{bare}" if bare else None


def _bare(path: str) -> str:
    return path.strip().rstrip("/").removesuffix(".git").rstrip("/")


def _committed(folder: Path) -> int | None:
    """Return the time of the revision: an ancestor's time is never later than that of what follows."""
    said = git(folder, "log", f"--max-count={_LOOKED_AT}", "--format=%ct") or ""
    return max(map(int, said.split()), default=None)


def git(folder: Path, *arguments: str) -> str | None:
    """Return what git says, without the last line break; None if it fails or there is none."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
