"""Write the cloud assembly of the checkout that this is part of, as `npx cdk synth` does."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]

FOR_THIS_MACHINE: Final = "HUBTRIAGE_PACKAGES_FOR_THIS_MACHINE"
"""Set in the app's environment: this Python runs the functions, as the local AWS does, and not Lambda's."""

_ARCHITECTURES: Final = {"aarch64": "arm64", "arm64": "arm64"}


class SynthesisError(RuntimeError):
    """There is no assembly; the message says why, as `app.py` does."""


def synthesize(rules: Path, assembly: Path, **settings: object) -> Path:
    """Write the stack with these rules into the folder `assembly` and return it.

    `settings` are the deployer's choices (`hubtriage:` context values) with underscores for hyphens. The
    functions' packages are made for this machine and its Python: the assembly is for the local AWS alone.
    Raises SynthesisError.
    """
    app = PROJECT / "app.py"
    if not app.exists():
        raise SynthesisError(f"{app} is missing: run this from a checkout of the project")
    environment = os.environ | {
        "CDK_OUTDIR": str(assembly.resolve()),
        "CDK_CONTEXT_JSON": json.dumps(context(rules, **settings)),
        FOR_THIS_MACHINE: "1",
        # CDK checks templates against AWS's rules. Starting that takes longer than all the rest.
        "CDK_VALIDATION": "false",
    }
    done = subprocess.run(
        [sys.executable, str(app)], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SynthesisError(f"the stack could not be built:\n{done.stderr.strip()}")
    return assembly


def context(rules: Path, **settings: object) -> dict[str, object]:
    """Return the CDK context of these rules and choices, on this machine's processor."""
    architecture = _ARCHITECTURES.get(platform.machine(), "x86_64")
    chosen = {"rules": str(rules.resolve()), "architecture": architecture, **settings}
    return {f"hubtriage:{name.replace('_', '-')}": value for name, value in chosen.items()}
