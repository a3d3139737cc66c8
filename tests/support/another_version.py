"""Another version of hubtriage, made of this one: the same assembly, with changed sources in its packages.

There is no later version yet whose formats differ. So this is what one would be: it writes entries and rules
of format 2, which this version cannot read, and reads entries of both formats.
"""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

ENTRY_FORMAT = Path("hubtriage/aws/ledger/entry_format.py")
RULESET = Path("hubtriage/engine/ruleset/ruleset.py")
Change = Callable[[Path], None]


def another_version(assembly: Path, target: Path, change: Change) -> Path:
    """Copy an assembly to `target`, change the package of each function, and return `target`.

    A package is known by the hash of what is in it: a changed one gets another name, or nothing would be
    deployed.
    """
    shutil.copytree(assembly, target)
    names = {}
    for package in sorted(target.glob("asset.*")):
        if (package / "ruleset.json").exists():
            change(package)
            name = package.name.removeprefix("asset.")
            names[name] = sha256(f"{name} {target.name}".encode()).hexdigest()
            package.rename(package.with_name(f"asset.{names[name]}"))
    for path in target.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        for name, new in names.items():
            text = text.replace(name, new)
        path.write_text(text, encoding="utf-8")
    return target


def newer(package: Path) -> None:
    """Have the package write entries and read rules of format 2, and read entries of both formats."""
    _replace(package / ENTRY_FORMAT, "FORMAT = 1\n", "FORMAT = 2\n")
    _replace(package / ENTRY_FORMAT, 'raw["format"] != FORMAT', 'raw["format"] not in (1, FORMAT)')
    _replace(package / ENTRY_FORMAT, '"format": FORMAT,\n', '"format": FORMAT,\n        "since": 1.0,\n')
    _replace(package / ENTRY_FORMAT, '{"format", "claims",', '{"since", "format", "claims",')
    _replace(package / RULESET, "FORMAT = 1\n", "FORMAT = 2\n")
    rules_of_newer(package)


def rules_of_newer(package: Path) -> None:
    """Have the package hold rules of format 2: a packaging mistake, unless its code is newer, too."""
    path = package / "ruleset.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**document, "format": 2}), encoding="utf-8")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} no longer has {old!r} once: change what makes another version"
    path.write_text(text.replace(old, new), encoding="utf-8")
