"""The plain template of a stack, and the files that go with it."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hubtriage.packaging.package import make_package, manifest_of
from hubtriage.packaging.template import MOST_BYTES, PackagingError
from tests.packaging.assemblies import BUCKET, FUNCTION, HASH, TEMPLATE, write_assembly


def plain(folder: Path, **options: Any) -> dict[str, Any]:
    """The plain template of an assembly's only stack."""
    package = make_package(write_assembly(folder, **options))
    document: dict[str, Any] = json.loads(package.files["mine.template.json"])
    return document


def test_nothing_of_a_bootstrap_is_left_and_all_else_is_the_same(tmp_path):
    template = plain(tmp_path)
    resources = template["Resources"]
    assert set(template) == {"Description", "Parameters", "Resources"}
    assert set(template["Parameters"]) == {"CodeBucket", "CodePrefix"}
    assert all(each["Description"] for each in template["Parameters"].values())
    assert resources["Table"] == TEMPLATE["Resources"]["Table"]
    assert set(resources) == {"Table", "Function"}
    code = resources["Function"]["Properties"].pop("Code")
    assert resources["Function"] == {"Type": FUNCTION["Type"], "Properties": {"Handler": "main.handler"}}
    assert code["S3Bucket"] == {"Ref": "CodeBucket"}
    assert re.fullmatch(r"\$\{CodePrefix\}hand-back-[0-9a-f]{32}\.zip", code["S3Key"]["Fn::Sub"])


def test_what_the_settings_fix_is_asserted_and_nothing_else_is(tmp_path):
    environment = "aws://111122223333/eu-central-1"
    rules = plain(tmp_path / "fixed", environment=environment)["Rules"]
    asserted = [each["Assertions"][0]["Assert"]["Fn::Equals"] for each in rules.values()]
    assert asserted == [
        [{"Ref": "AWS::AccountId"}, "111122223333"],
        [{"Ref": "AWS::Region"}, "eu-central-1"],
    ]
    one = plain(tmp_path / "one", environment="aws://unknown-account/eu-central-1")["Rules"]
    assert list(one) == ["RightRegion"]


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        pytest.param(
            {"Url": {"Fn::Sub": f"https://s3/{BUCKET}/x"}}, BUCKET, id="its bucket inside of a text"
        ),
        pytest.param({"Url": f"https://s3/mine/{HASH}.zip"}, HASH, id="the old key of an asset"),
        pytest.param({"Role": "cdk-hnb659fds-deploy-role-1"}, "deploy-role", id="a role"),
        pytest.param({"Name": "/cdk-bootstrap/other/version"}, "cdk-bootstrap", id="a parameter"),
    ],
)
def test_what_would_still_need_a_bootstrap_is_refused(tmp_path, resource, said):
    resources = {**TEMPLATE["Resources"], "Other": {"Type": "AWS::Some::Thing", "Properties": resource}}
    with pytest.raises(PackagingError) as refused:
        make_package(write_assembly(tmp_path, {**TEMPLATE, "Resources": resources}))
    assert "refers to what `cdk bootstrap` makes" in str(refused.value)
    assert said in str(refused.value)


def test_an_asset_that_nothing_loads_is_refused(tmp_path):
    resources = {"Table": TEMPLATE["Resources"]["Table"]}
    with pytest.raises(PackagingError, match="nothing loads the asset HandBack/Function/Code"):
        make_package(write_assembly(tmp_path, {**TEMPLATE, "Resources": resources}))


def test_a_template_that_cloudformation_would_not_take_is_refused(tmp_path):
    with pytest.raises(PackagingError, match="CloudFormation takes 1,000,000 at most"):
        make_package(write_assembly(tmp_path, {**TEMPLATE, "Description": "x" * MOST_BYTES}))


def test_a_template_is_in_ascii(tmp_path):
    package = make_package(write_assembly(tmp_path, {**TEMPLATE, "Description": "Über"}))
    assert package.files["mine.template.json"].isascii()
    assert json.loads(package.files["mine.template.json"])["Description"] == "Über"


def test_a_zip_has_the_files_and_nothing_of_this_machine(tmp_path):
    assembly = write_assembly(tmp_path)
    code = assembly / f"asset.{HASH}"
    first = make_package(assembly).files
    (code / "main.py").chmod(0o600)
    (code / "main.py").touch()
    assert make_package(assembly).files == first
    (name,) = (each for each in first if each.endswith(".zip"))
    with zipfile.ZipFile(io.BytesIO(first[name])) as archive:
        assert archive.testzip() is None
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == ["below/more.py", "main.py"]
    assert {(entry.date_time, entry.external_attr >> 16, entry.create_system) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644, 3)
    }
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}, "zlibs differ between machines"


def test_another_content_has_another_name(tmp_path):
    assembly = write_assembly(tmp_path)
    first = make_package(assembly).files
    (assembly / f"asset.{HASH}" / "main.py").write_text("def handler(event, context): return 1\n")
    assert make_package(assembly).files.keys() & first.keys() == {"mine.template.json"}


@pytest.mark.parametrize("label", ["../../x", "Ü/x", "", "a b/c", "--recursive"])
def test_no_label_makes_a_name_that_is_a_path_or_an_option(tmp_path, label):
    files = make_package(write_assembly(tmp_path, label=label)).files
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]+", name) for name in files)


def test_the_manifest_says_what_is_there(tmp_path):
    package = make_package(write_assembly(tmp_path, tags={"team": "security", "application": "hubtriage"}))
    manifest = manifest_of(package, "1.2.3", {"hash": "0123", "revision": None, "rules": []})
    assert (manifest["hubtriage"], manifest["rules"]) == ("1.2.3", {"hash": "0123", "revision": None})
    assert set(manifest["files"]) == set(package.files)
    (stack,) = manifest["stacks"]
    assert stack["name"] == "triage"
    assert stack["template"] == "mine.template.json"
    assert stack["parameters"] == list(json.loads(package.files[stack["template"]])["Parameters"])
    assert list(stack["tags"]) == ["application", "team"]
