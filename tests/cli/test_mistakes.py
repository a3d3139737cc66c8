"""The same mistake has the same text and the same exit code in every command."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli
from hubtriage.cli.reference import help_texts
from tests.support.terminals import HUBTRIAGE, environment

RULE = "rules:\n  - id: a\n    match: {Title: [x]}\n    update: {Confidence: 50}\n"
FINDING = '{"Id": "f", "ProductArn": "arn", "Title": "x"}\n'
KIND = "findings-manager-1"
NO_FOLDER = "\n  hint: name the folder of rule files, or create one: hubtriage init"
MISSING, FOLDER, FILE = (
    "there is no such file or folder",
    "this is a folder, not a file",
    "this is a file, not a folder",
)
FULL = "no space is left on the disk"
NO_FILE = "this is a pipe or a device, not a file"

ON_RULES = {
    "lint": "lint @",
    "test": "test @",
    "build": "build @",
    "plan": "plan found.json --rules @",
    "explain": "explain found.json --rules @",
    "backtest": "backtest found.json --rules @",
    "diff, old": "diff @ rules found.json",
    "diff, new": "diff rules @ found.json",
    "export": "export automation-rules --rules @",
    "accounts sync": "accounts sync --rules @",
    "sweep": "sweep --dry-run --rules @",
    "demo": "demo --rules @",
    "policy": "policy @",
    "package": "package --out package --rules @",
    "renew": "renew a --until 2099-01-01 --rules @",
}
ON_FINDINGS = {
    "plan": "plan @",
    "explain": "explain @",
    "backtest": "backtest @",
    "diff": "diff rules rules @",
}
READING = ON_FINDINGS | {
    "import": f"import {KIND} @",
    "ledger import": "ledger import @",
    "hand-back": "hand-back --from @",
}
WRITING = {
    "build": "build -o @",
    "schema": "schema -o @",
    "import": f"import {KIND} suppressions.yaml --force -o @",
    "export": "export automation-rules --rules other -o @",
    "backtest": "backtest found.json --html @",
    "test": "test --junit @",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files = {
        "rules/a.yaml": RULE,
        "other/a.yaml": RULE.replace("50", "60"),
        "found.json": FINDING,
        "suppressions.yaml": "Rules: [{note: n, action: SUPPRESSED, match_on: {tags: [{key: a, value: b}]}}]",
    }
    for name, text in files.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)
    return tmp_path


def said(arguments: str, place: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, [each.replace("@", place) for each in arguments.split()])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stderr, result.stdout


def cases(*tables: tuple[str, dict[str, str], str, str]) -> list[object]:
    return [
        pytest.param(arguments, place, words, id=f"{mistake}: {name}")
        for mistake, commands, place, words in tables
        for name, arguments in commands.items()
    ]


@pytest.mark.parametrize(
    ("arguments", "place", "words"),
    cases(
        ("no folder of rules", ON_RULES, "nowhere", MISSING + NO_FOLDER),
        ("no findings", ON_FINDINGS, "nowhere.json", MISSING),
        ("no file", READING, "nowhere.json", MISSING),
        ("a folder", {name: READING[name] for name in READING if name not in ON_FINDINGS}, "rules", FOLDER),
    ),
)
def test_what_cannot_be_read(arguments: str, place: str, words: str) -> None:
    assert said(arguments, place) == (2, f"Error: {place}: {words}\n", "")


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        pytest.param(arguments, place, id=f"{place}: {name}")
        for name, arguments in READING.items()
        for place in ("pipe", "/dev/zero")
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
def test_what_has_no_end_is_not_read(arguments: str, place: str) -> None:
    os.mkfifo("pipe")
    exit_code, error, output = said(arguments, place)
    hint = "" if "ledger" in arguments else f"  hint: to read a pipe, give - and redirect it: < {place}\n"
    assert (exit_code, error, output) == (2, f"Error: {place}: {NO_FILE}\n{hint}", "")


@pytest.mark.parametrize("arguments", READING.values(), ids=READING)
def test_a_file_that_is_no_text(arguments: str) -> None:
    Path("binary").write_bytes(bytes(range(128, 256)))
    exit_code, error, output = said(arguments, "binary")
    assert (exit_code, output) == (2, "")
    assert "Error: " in error
    assert "binary" in error


@pytest.mark.parametrize("arguments", [f"import {KIND} -", "hand-back --from -", "plan -"])
def test_standard_input_without_an_end(arguments: str) -> None:
    with Path("/dev/zero").open("rb") as zeros:
        done = subprocess.run(
            [*HUBTRIAGE, *arguments.split()], stdin=zeros, capture_output=True, text=True, env=environment()
        )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(("Error: standard input: ", "Error: no findings in standard input "))


COMPILING = {name: each for name, each in ON_RULES.items() if name not in ("lint", "accounts sync")}


@pytest.mark.parametrize("name", COMPILING)
def test_rules_with_errors_are_counted(name: str) -> None:
    Path("bad").mkdir()
    Path("bad/a.yaml").write_text(RULE.replace("50", "500"))
    Path("bad/b.yaml").write_text(RULE.replace("id: a", "id: b").replace("50", "500"))
    exit_code, error, output = said(COMPILING[name], "bad")
    assert (exit_code, output) == (2 if name.startswith("diff") else 1, "")
    assert error.splitlines()[0] == "bad/a.yaml:4:26: E105 500 is above 100"
    assert error.splitlines()[-1] == "2 errors in 2 files"
    assert said(f"{COMPILING[name]} -q", "bad")[1] == error.removesuffix("2 errors in 2 files\n")


NAMES = [name.removeprefix("hubtriage ") for name in help_texts(100)]
LEAVES = [name for name in NAMES[1:] if not any(other.startswith(f"{name} ") for other in NAMES)]


@pytest.mark.parametrize("name", LEAVES)
def test_an_option_that_there_is_not(name: str) -> None:
    exit_code, error, output = said(f"{name} --nothing", "")
    usage = f"Usage: cli {name} [OPTIONS]"
    assert (exit_code, error.startswith(usage), output) == (2, True, "")
    assert error.splitlines()[-1].startswith("Error: No such option '--nothing'.")


WITH_DEFAULTS = {name: each for name, each in ON_RULES.items() if "--rules" in each}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules = [", "hubtriage.toml:1: not valid TOML"),
        ("ruls = 1\n", "hubtriage.toml:1: ruls"),
    ],
    ids=["no TOML", "a setting that there is not"],
)
@pytest.mark.parametrize("name", WITH_DEFAULTS)
def test_a_wrong_project_file(name: str, text: str, words: str) -> None:
    Path("hubtriage.toml").write_text(text)
    exit_code, error, output = said(WITH_DEFAULTS[name].replace("--rules @", ""), "")
    assert (exit_code, output) == (2, "")
    assert error.startswith(f"Error: {words}"), error


@pytest.mark.parametrize(
    "arguments",
    [each.replace("@", "").replace("--rules", "") for each in ON_RULES.values() if "diff" not in each],
)
def test_without_a_folder_rules_it_is_named(arguments: str) -> None:
    if arguments.startswith("demo"):
        pytest.skip("the demo has rules of its own")
    Path("rules").rename("elsewhere")
    assert said(arguments, "") == (2, f"Error: rules: {MISSING}{NO_FOLDER}\n", "")


@pytest.mark.parametrize("name", [name for name in ON_RULES if name not in ("lint", "test")])
def test_a_file_is_no_folder_of_rules(name: str) -> None:
    assert said(ON_RULES[name], "found.json") == (2, f"Error: found.json: {FILE}\n", "")


@pytest.mark.parametrize(
    ("arguments", "place", "words"),
    cases(
        ("a folder", WRITING, "other", FOLDER),
        ("below a file", WRITING, "found.json/x", FILE),
        ("a full disk", WRITING, "/dev/full", FULL),
    ),
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_what_cannot_be_written(arguments: str, place: str, words: str) -> None:
    exit_code, error, _output = said(arguments, place)
    told = [line for line in error.splitlines() if line.startswith("Error: ")]
    where = "found.json" if place == "found.json/x" else place
    assert exit_code == 2
    assert [line.replace("found.json/x", "found.json") for line in told] == [f"Error: {where}: {words}"]
    assert error.splitlines()[-1] == told[0]


def drop_privileges() -> None:
    """Let root be refused like everybody else: without the right to pass over permissions."""
    drop_from_bounding_set = 24
    libc = ctypes.CDLL(None)
    for overriding in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        libc.prctl(drop_from_bounding_set, overriding, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="root's privileges are dropped as Linux does it")
@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        pytest.param("lint", "rules", id="a folder of rules"),
        pytest.param("lint", "rules/inner", id="a folder in it, whose rules would be missed"),
        pytest.param("plan found.json", "found.json", id="findings"),
        pytest.param("build -o closed/x.json", "closed/x.json", id="an output"),
    ],
)
def test_missing_permissions_are_named(folder: Path, arguments: str, place: str) -> None:
    (folder / "rules" / "inner").mkdir()
    (folder / "closed").mkdir()
    closed = folder / ("closed" if place.startswith("closed") else place)
    closed.chmod(0)
    try:
        done = subprocess.run(
            [*HUBTRIAGE, *arguments.split()],
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            preexec_fn=drop_privileges if os.geteuid() == 0 else None,
        )
    finally:
        closed.chmod(0o700)
    assert (done.returncode, done.stderr) == (2, f"Error: {place}: permission denied\n")


AWS = {
    "sweep": "sweep",
    "sweep from here": "sweep --dry-run",
    "why": "why x",
    "findings": "findings",
    "accounts sync": "accounts sync",
    "logs": "logs",
    "mode": "mode",
    "switching": "mode enforce",
    "hand-back": "hand-back x --yes",
    "ledger show": "ledger show x",
    "ledger export": "ledger export x",
    "ledger rebuild": "ledger rebuild --from-log --yes",
    "notify list": "notify list",
    "notify test": "notify test sec-chat",
    "redrive": "redrive",
    "doctor": "doctor",
    "backtest": "backtest --live --cache cache",
    "diff": "diff rules other --live --cache cache",
}


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Nothing that leads to an account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials of the test before
    return monkeypatch


@pytest.mark.parametrize("arguments", AWS.values(), ids=AWS)
def test_without_credentials(arguments: str, no_aws: pytest.MonkeyPatch) -> None:
    no_aws.setenv("AWS_REGION", "eu-west-1")
    no_aws.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    error = "Error: there are no AWS credentials\n  hint: give --profile, or set AWS_PROFILE\n"
    assert said(arguments, "") == (2, error, "")


@pytest.mark.parametrize("name", [name for name in AWS if name != "accounts sync"])
def test_without_a_region(name: str, no_aws: pytest.MonkeyPatch) -> None:
    error = "Error: no AWS Region is set\n  hint: give --region, or set AWS_REGION\n"
    assert said(AWS[name], "") == (2, error, "")


@pytest.mark.parametrize("arguments", AWS.values(), ids=AWS)
def test_without_the_profile(arguments: str, no_aws: pytest.MonkeyPatch) -> None:
    no_aws.setenv("AWS_PROFILE", "other\x1b[31m")
    no_aws.setenv("AWS_REGION", "eu-west-1")
    error = "Error: there is no AWS profile other\\x1b[31m\n"
    assert said(arguments, "")[:2] == (
        2,
        f"{error}  hint: `aws configure list-profiles` lists the existing ones\n",
    )


@pytest.mark.parametrize("arguments", AWS.values(), ids=AWS)
def test_without_a_network(arguments: str, no_aws: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_RETRY_MODE": "standard",
    }.items():
        no_aws.setenv(name, value)
    exit_code, error, _output = said(arguments, "")
    unreachable = (
        'Error: AWS cannot be reached: Could not connect to the endpoint URL: "http://127.0.0.1:9/"\n'
    )
    assert (exit_code, error.startswith(unreachable)) == (2, True), error
