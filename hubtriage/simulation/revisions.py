"""Rule folders as git has them at a revision."""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_TIMEOUT = 60.0


class RevisionError(Exception):
    """A revision, or a folder at it, that git does not have."""


@contextmanager
def folder_at(folder: Path, revision: str) -> Iterator[Path]:
    """Copy the folder as it was at a revision; the copy lasts as long as the block.

    Raises RevisionError if the folder is in no repository, or if there is no such revision or folder in it.
    """
    commit = commit_of(folder, revision)
    if commit is None:
        raise RevisionError(f"git knows no revision {revision!r} in {folder}")
    archive = _git(folder, "archive", "--format=tar", commit, ".")
    if archive is None:
        raise RevisionError(f"there was no folder {folder} at {revision}")
    with TemporaryDirectory(prefix="hubtriage-") as temporary:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            tar.extractall(temporary, filter="data")
        yield Path(temporary)


def commit_of(folder: Path, revision: str) -> str | None:
    """Return the first twelve characters of the commit that a revision names; None if there is none."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return None if commit is None else commit.decode().strip()[:12]


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints; None if it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=True, timeout=_TIMEOUT
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
