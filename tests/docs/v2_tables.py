"""The tables of docs/security-hub-v2.md, made from the code. `python -m tests.docs.v2_tables` writes them."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hubtriage.asff.fields import members, table
from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.v2.differing import DIFFERING
from hubtriage.authoring.loaded import LoadedRule, LoadResult
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.ocsf.blind import SEEN, blind_paths, is_blind, on_v2
from hubtriage.engine.ocsf.update import V2_FIELDS
from hubtriage.engine.ocsf.view import asff_view
from tests.engine.ocsf.test_view import ALL_IN_ONE
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "security-hub-v2.md"
GUIDE = ROOT / "docs" / "writing-rules.md"
_MARK = "<!-- {}: written by tests/docs/v2_tables.py -->\n"
_TIME = "or the milliseconds in the member without `_dt`"
HOW = {
    "AwsAccountName": DIFFERING["AwsAccountName"],
    "CompanyName": DIFFERING["CompanyName"],
    "Compliance.Status": "by its number: 1 PASSED, 2 WARNING, 3 FAILED, any other NOT_AVAILABLE",
    "Compliance.StatusReasons.ReasonCode": "of each assessment that was not met",
    "CreatedAt": _TIME,
    "FindingProviderFields.Severity.Label": "by its number, as `Severity.Label`",
    "FirstObservedAt": _TIME,
    "GeneratorId": "`security-control/` and the control; `metadata.product.feature.uid` if V2 gives one",
    "LastObservedAt": _TIME,
    "Note.Text": "or the newest of `notes`; without its author",
    "ProductArn": "`productv2` in it is read as `product`",
    "ProductName": DIFFERING["ProductName"],
    "RecordState": "ARCHIVED if `activity_id` is 3 (Close) or `status_id` is 5, otherwise ACTIVE",
    "Resources.Id": DIFFERING["Resources.Id"],
    "Resources.Tags": "a list of names and values as a map; a name with several values is left out",
    "Resources.Type": "`AWS::S3::Bucket` is read as `AwsS3Bucket`",
    "Severity.Label": "by its number, see below",
    "Severity.Normalized": DIFFERING["Severity.Normalized"],
    "Types": "V2 adds a word for the group, such as `Posture Management`",
    "UpdatedAt": _TIME,
    "Vulnerabilities.EpssScore": "a text in V2, read as a number",
    "Vulnerabilities.ExploitAvailable": "true or false, read as YES or NO",
    "Vulnerabilities.FixAvailable": "true or false, and a coverage, read as YES, NO or PARTIAL",
    "Workflow.Status": "by its number, see below",
}
"""What is to be said of how a member is read."""


def whole_finding() -> dict[str, Any]:
    """Return a finding that has all that a view can show."""
    finding = json.loads(json.dumps(ALL_IN_ONE))
    finding |= {"activity_id": 3, "status_id": 2}
    finding["finding_info"]["src_url"] = "https://example.com"
    (vulnerability,) = finding["vulnerabilities"]
    vulnerability["cve"]["cvss"][0] |= {"vector_string": "v", "vendor_name": "n"}
    vulnerability |= {"exploit_last_seen_time_dt": "2026-01-01T00:00:00Z", "related_vulnerabilities": ["r"]}
    names = ("name", "version", "epoch", "release", "architecture", "package_manager", "path")
    vulnerability["affected_packages"] = [dict.fromkeys((*names, "fixed_in_version"), "x")]
    return finding  # type: ignore[no-any-return]


def sources() -> dict[str, list[str]]:
    """Return for each member of a view what it is read from: without that, the member is another."""
    finding = whole_finding()
    seen = _flat(asff_view(finding))
    found: dict[str, list[str]] = {}
    for path in _leaves(finding):
        other = _flat(asff_view(_without(finding, path)))
        name = ".".join(step for step in path if isinstance(step, str))
        for member in seen:
            if seen[member] != other.get(member) and name not in found.setdefault(member, []):
                found[member].append(name)
    return found


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [leaf for step, one in inner for leaf in _leaves(one, (*path, step))]
    yield from below or [path]


def _without(finding: Any, path: tuple[Any, ...]) -> Any:
    other = json.loads(json.dumps(finding))
    holder = other
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return other


def _flat(value: Any) -> dict[str, list[Any]]:
    """Return the values of a view by the paths that a view may have."""
    found: dict[str, list[Any]] = {}

    def collect(one: Any, path: tuple[str, ...]) -> None:
        if path in SEEN:
            found.setdefault(".".join(path), []).append(one)
        elif isinstance(one, list):
            for element in one:
                collect(element, path)
        elif isinstance(one, dict):
            for name, inner in one.items():
                collect(inner, (*path, name))

    collect(value, ())
    return found


def seen_table() -> str:
    """Return the table of what rules see of a finding of V2."""
    rows = ["| in rules | in the finding of V2 | how |", "|---|---|---|"]
    read = sources()
    for path in sorted(".".join(keys) for keys in SEEN):
        named = " and ".join(f"`{one}`" for one in sorted(read[path]))
        rows.append(f"| `{path}` | {named} | {HOW.get(path, '')} |")
    return "\n".join(rows) + "\n"


def blind_table() -> str:
    """Return the table of what V2 does not show, of what AWS's model of a finding in ASFF has."""
    rows = ["| member | what V2 does not show of it |", "|---|---|"]
    for name, node in sorted(members(table()).items()):
        blind = list(_blind((name,), node))
        if blind:
            below = ", ".join(f"`{'.'.join(keys[1:])}`" for keys in blind)
            rows.append(f"| `{name}` | {'anything' if blind == [(name,)] else below} |")
    return "\n".join(rows) + "\n"


def _blind(keys: tuple[str, ...], node: Any) -> Iterator[tuple[str, ...]]:
    """Yield the outermost paths that V2 does not show."""
    if is_blind(keys):
        yield keys
    elif keys not in SEEN:
        inner = node[0] if isinstance(node, list) else node
        for name, one in sorted(members(inner).items()):
            yield from _blind((*keys, name), one)


def rules_table() -> str:
    """Return what the sample rules and the rules of the cookbook do on V2."""
    rows = [
        "| rule | applies on V2 | does not see | may differ | does not set |",
        "|---|---|---|---|---|",
    ]
    rows += [
        _row(rule, loaded) for loaded in (load_rules(ROOT / "rules"), _cookbook()) for rule in loaded.rules
    ]
    return "\n".join(rows) + "\n"


def _cookbook() -> LoadResult:
    """Load all rules of the cookbook, as far as they have different ids."""
    cookbook = GUIDE.read_text("utf-8").partition("# Cookbook")[2]
    blocks = re.findall(r"^```yaml\n(.*?)^```$", cookbook, re.MULTILINE | re.DOTALL)
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        shutil.copy(ROOT / "rules" / "accounts.yaml", folder)
        (folder / "scanners.txt").write_text("198.51.100.7\n", encoding="utf-8")
        (folder / "sandboxes.csv").write_text("account,team\n131313131313,a\n", encoding="utf-8")
        for number, block in enumerate(blocks):
            (folder / f"{number:02}.yaml").write_text(block, encoding="utf-8")
        return load_rules(folder)


def _row(rule: LoadedRule, loaded: LoadResult) -> str:
    linted = LintedRule.of(rule, loaded.lists, SAMPLE_NOW)
    conditions = rule.conditions
    paths = {".".join(key for key in keys if not key.isdecimal()) for keys, _place, _is_key in linted.paths}
    unset = [name for name in linted.model.update.model_fields_set if name not in _SETTABLE]
    cells = (
        f"`{rule.id}`",
        on_v2(conditions).effect,
        _listed(blind_paths(conditions)),
        _listed(sorted(paths & DIFFERING.keys())),
        _listed(sorted(unset)),
    )
    return f"| {' | '.join(cells)} |"


_SETTABLE = frozenset(name.partition(".")[0] for name in V2_FIELDS)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


TABLES = {"seen": seen_table, "blind": blind_table, "rules": rules_table}


def written(page: str) -> str:
    """Return the page with its tables as they are to be."""
    for name, make in TABLES.items():
        before, _mark, after = page.partition(_MARK.format(name))
        old = re.match(r"(\n?(\|[^\n]*\n)+)?", after)
        page = f"{before}{_MARK.format(name)}\n{make()}{after[old.end() if old else 0 :]}"
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), encoding="utf-8")
