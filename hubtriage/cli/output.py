"""Files that commands write."""

from pathlib import Path


def write_file(path: Path, content: str) -> None:
    """Write a text as UTF-8; make the folders that are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
