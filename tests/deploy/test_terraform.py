"""The Terraform module is valid HCL and passes what the template takes. Terraform does not run here."""

import json
import re
from pathlib import Path
from typing import Any

import hcl2
import pytest

from hubtriage.packaging.folder import MANIFEST
from hubtriage.packaging.package import make_package, manifest_of
from tests.packaging.assemblies import write_assembly
from tests.support.paths import ROOT

MODULE = ROOT / "deploy" / "terraform"
FILES = sorted(MODULE.glob("*.tf"))
PAGE = (MODULE / "README.md").read_text(encoding="utf-8")
OPTIONS = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = hcl2.loads(path.read_text(encoding="utf-8"), serialization_options=OPTIONS)
    return document


def blocks(kind: str) -> dict[str, Any]:
    """All blocks of a kind in all files, by their labels."""
    return {
        ".".join(labels): body
        for path in FILES
        for block in read(path).get(kind, [])
        for labels, body in _labelled(block, 2 if kind in ("resource", "data") else 1)
    }


def _labelled(block: dict[str, Any], depth: int) -> list[tuple[tuple[str, ...], Any]]:
    if depth == 0:
        return [((), block)]
    return [
        ((name, *rest), body) for name, each in block.items() for rest, body in _labelled(each, depth - 1)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_valid_hcl(path: Path) -> None:
    assert read(path)


def test_it_passes_exactly_the_parameters_of_the_template(tmp_path: Path) -> None:
    package = make_package(write_assembly(tmp_path))
    template = json.loads(package.files[package.stacks[0].template])
    passed = blocks("resource")["aws_cloudformation_stack.triage"]["parameters"]
    assert set(passed) == set(template["Parameters"])


def test_it_reads_what_the_manifest_has(tmp_path: Path) -> None:
    package = make_package(write_assembly(tmp_path))
    manifest = manifest_of(package, "1.0.0", {"hash": "0", "revision": None}) | {"complete": True}
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    assert set(re.findall(r"local\.manifest\.(\w+)", text)) <= manifest.keys()
    assert (
        set(re.findall(r"(?:local\.stack|\beach)\.(?!key|value)(\w+)", text)) <= manifest["stacks"][0].keys()
    )
    assert f"/{MANIFEST}" in text
    assert (package.stacks[0].region, manifest["stacks"][0]["region"]) == (None, None), "null: any Region"


def test_every_variable_is_used_described_and_on_the_page() -> None:
    variables = blocks("variable")
    text = (MODULE / "main.tf").read_text(encoding="utf-8")
    assert set(re.findall(r"\bvar\.(\w+)", text)) == set(variables)
    assert all(each["description"] and each["type"] for each in variables.values())
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == set(variables)
    assert all(each["description"] for each in blocks("output").values())


def test_versions_have_a_lower_and_an_upper_bound() -> None:
    (settings,) = read(MODULE / "main.tf")["terraform"]
    (providers,) = settings["required_providers"]
    for versions in (settings["required_version"], providers["aws"]["version"]):
        assert re.fullmatch(r">= [\d.]+, < [\d.]+", versions)


def test_what_it_needs_of_cloudformation_is_in_the_manifest_and_old_zips_go_last() -> None:
    resources = blocks("resource")
    stack, files = resources["aws_cloudformation_stack.triage"], resources["aws_s3_object.file"]
    assert stack["capabilities"] == "${local.stack.capabilities}"
    assert files["lifecycle"] == [{"create_before_destroy": True}]
    assert stack["depends_on"] == ["${aws_s3_object.file}"]


def test_the_example_of_the_page_gives_what_has_no_default() -> None:
    (example,) = re.findall(r"```hcl\n(.*?)```", PAGE, re.DOTALL)
    (module,) = hcl2.loads(example, serialization_options=OPTIONS)["module"]
    given = set(module["hubtriage"]) - {"source"}
    assert given == {name for name, each in blocks("variable").items() if "default" not in each}


def test_the_key_of_the_template_follows_from_its_content() -> None:
    (values,) = read(MODULE / "main.tf")["locals"]
    assert "filesha256(local.template)" in values["key"]
    assert "${local.key}" in blocks("resource")["aws_cloudformation_stack.triage"]["template_url"]
