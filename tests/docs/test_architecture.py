"""docs/architecture.md and docs/README.md name what exists, and name all of it."""

import re

from tests.support.paths import ROOT

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
INDEX = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
TREES = ("hubtriage", "infra", "lambdas", "tests", "benchmarks", "docs", "rules")
MOST_MODULES = 16


def test_every_path_that_it_names_exists() -> None:
    named = set(re.findall(rf"\b(?:{'|'.join(TREES)})/[\w/.]*\w/?", ARCHITECTURE)) - {"rules/"}
    assert len(named) > 40
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_module_on_the_way_of_a_finding_exists() -> None:
    way = ARCHITECTURE.partition("## The way of one finding")[2].partition("```\n")[0]
    folders = ("aws/triage", "aws/triage/steps", "aws/securityhub", "engine/planning")
    modules = {path.stem for folder in folders for path in (ROOT / "hubtriage" / folder).glob("*.py")}
    named = set(re.findall(r"(?:^     |  +)([a-z_]+)  +[a-z]", way, re.MULTILINE))
    assert len(named) > 12
    assert named <= modules


def test_it_names_every_package() -> None:
    packages = [path for path in (ROOT / "hubtriage").iterdir() if (path / "__init__.py").exists()]
    assert [path.name for path in packages if f"hubtriage/{path.name}/" not in ARCHITECTURE] == []


def test_no_folder_is_too_full_to_be_read_as_a_table_of_contents() -> None:
    full = {}
    for folder in (ROOT / "hubtriage").rglob("__init__.py"):
        modules = [path for path in folder.parent.glob("*.py") if path.name != "__init__.py"]
        full[str(folder.parent.relative_to(ROOT))] = len(modules)
    assert {name: count for name, count in full.items() if count > MOST_MODULES} == {}


def test_the_index_names_every_page() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([\w.-]+\.md)\)", INDEX))
    targets = re.findall(r"\]\(([^)#]+)\)", INDEX)
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []


def test_the_index_of_decisions_names_every_note() -> None:
    folder = ROOT / "docs" / "decisions"
    notes = {path.name for path in folder.glob("*.md")} - {"README.md"}
    assert notes == set(
        re.findall(r"\]\(([\w.-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    )


def test_no_two_classes_share_a_name() -> None:
    places: dict[str, list[str]] = {}
    for tree in ("hubtriage", "infra", "lambdas"):
        for path in (ROOT / tree).rglob("*.py"):
            for name in re.findall(r"^class (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
                places.setdefault(name, []).append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
