"""No command imports what it does not use: that is most of the time in which a short one runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.terminals import environment

AWS = {"boto3", "botocore", "urllib3"}
SHOWN = {"rich.console", "rich.progress", "rich.table"}
POOLS = {"multiprocessing", "concurrent.futures.process"}
RULES = {"pydantic", "yaml"}
SLOW = AWS | SHOWN | POOLS | RULES | {"hcl2", "re2", "aws_lambda_powertools", "asyncio"}
USED = {
    "--help": set(),
    "--version": set(),
    "completion bash": set(),
    "lint rules": RULES,
    "test rules": RULES,
    "build rules -o @": RULES,
    "schema": RULES,
    "export automation-rules --help": RULES,
    "import findings-manager-1 --help": RULES,
    "plan --help": RULES,
    "explain --help": RULES,
    "backtest --help": RULES | POOLS,
    "diff --help": RULES | POOLS,
}


@pytest.mark.parametrize(("arguments", "used"), USED.items(), ids=USED)
def test_a_command_imports_only_what_it_uses(arguments: str, used: set[str], tmp_path: Path) -> None:
    told = [each.replace("@", str(tmp_path / "out.json")) for each in arguments.split()]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hubtriage", *told],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    imported = {line.rpartition("|")[2].strip() for line in lines}
    assert "click" in imported
    assert imported & SLOW <= used
