"""Write the cloud assembly of the stack, as `npx cdk synth` does, from a checkout or an installed wheel."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[2]
"""The checkout, or the folder in which the package is installed."""

OLDEST_NODE: Final = 20
"""The major version of Node.js that CDK needs at least."""

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
    return run_app(
        assembly,
        context(rules, **settings),
        {
            FOR_THIS_MACHINE: "1",
            "HUBTRIAGE_CONFIG": "",  # the settings are those that are given, and no file's
            "HUBTRIAGE_TARGET": "",
            # CDK checks templates against AWS's rules. Starting that takes longer than all the rest.
            "CDK_VALIDATION": "false",
        },
    )


def run_app(assembly: Path, cdk_context: Mapping[str, object], variables: Mapping[str, str]) -> Path:
    """Write the cloud assembly of a CDK context into the folder `assembly` and return it.

    `variables` are added to the environment of the app. Raises SynthesisError.
    """
    node = check_tools(os.environ)
    environment = {
        **os.environ,
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": str(node),
        "CDK_OUTDIR": str(assembly.resolve()),
        "CDK_CONTEXT_JSON": json.dumps(cdk_context),
        **variables,
    }
    app = "hubtriage.infra.app" if find_spec("hubtriage.infra") else "infra.app"
    done = subprocess.run(
        [sys.executable, "-m", app], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SynthesisError(f"the stack could not be built:\n{done.stderr.strip()}")
    return assembly


def check_tools(environment: Mapping[str, str]) -> int:
    """Return the major version of Node.js; say what is missing before CDK fails with a traceback.

    Raises SynthesisError.
    """
    if find_spec("aws_cdk") is None:
        raise SynthesisError(
            "the AWS CDK is not installed\n"
            "  hint: pip install 'hubtriage[deploy]', or 'hubtriage[local]' for the demo and the local AWS"
        )
    node = environment.get("JSII_NODE") or shutil.which("node", path=environment.get("PATH"))
    if node is None:
        raise SynthesisError(f"Node.js is not installed, and CDK needs it\n  hint: {_INSTALL_NODE}")
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = re.match(r"v([0-9]+)\.", answer)
    if major is None or int(major[1]) < OLDEST_NODE:
        raise SynthesisError(f"{node} is Node.js {answer or 'of no known version'}\n  hint: {_INSTALL_NODE}")
    return int(major[1])


_INSTALL_NODE: Final = f"install Node.js {OLDEST_NODE} or newer from https://nodejs.org"


def context(rules: Path, **settings: object) -> dict[str, object]:
    """Return the CDK context of these rules and choices, on this machine's processor."""
    architecture = _ARCHITECTURES.get(platform.machine(), "x86_64")
    chosen = {"rules": str(rules.resolve()), "architecture": architecture, **settings}
    return {f"hubtriage:{name.replace('_', '-')}": value for name, value in chosen.items()}
