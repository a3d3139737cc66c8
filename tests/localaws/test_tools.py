"""What CDK needs is asked for before it fails."""

import os
from pathlib import Path

import pytest

from hubtriage.localaws import synth
from hubtriage.localaws.synth import OLDEST_NODE, SynthesisError, check_tools


def node(folder: Path, version: str) -> dict[str, str]:
    """An environment with a Node.js that says this version."""
    path = folder / "node"
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return {"PATH": os.pathsep.join([str(folder), "/bin", "/usr/bin"])}


def test_the_major_version_counts(tmp_path: Path) -> None:
    assert check_tools(node(tmp_path, "v22.1.0")) == 22


@pytest.mark.parametrize("version", ["v18.20.1", "nonsense"])
def test_a_node_that_is_too_old_is_named(tmp_path: Path, version: str) -> None:
    with pytest.raises(SynthesisError, match=f"{version}.*\n.*{OLDEST_NODE} or newer"):
        check_tools(node(tmp_path, version))


def test_without_node_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="is not installed, and CDK needs it"):
        check_tools({"PATH": str(tmp_path)})


def test_without_cdk_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth, "find_spec", lambda _name: None)
    with pytest.raises(SynthesisError, match=r"pip install 'hubtriage\[deploy\]'"):
        check_tools(node(tmp_path, "v22.1.0"))
