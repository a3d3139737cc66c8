"""Rule folders for tests."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A function that writes files (name to text) into the folder `rules` and returns its relative path."""
    monkeypatch.chdir(tmp_path)

    def write(files):
        for name, text in ({"a.yaml": files} if isinstance(files, str) else files).items():
            path = Path("rules") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Path("rules")

    return write
