"""A finding is named by its Id, the end of it, a part of it, or its URL in the console."""

import json
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from hubtriage.cli.inputs.console_url import id_in
from hubtriage.cli.inputs.handed_back import ids_of
from hubtriage.cli.inputs.one_finding import MOST_NAMED, Wanted
from hubtriage.cli.main import cli
from tests.support.paths import TESTS

ARN = "arn:aws:securityhub:eu-central-1:111122223333:security-control/S3.8/finding/0f6c-5a53"
EQUALS = "\\operator\\:EQUALS\\:"
CONSOLE = "https://eu-central-1.console.aws.amazon.com/securityhub/home?region=eu-central-1#/findings"
ELSEWHERE = "https://tool.example/?r=arn:aws:s3:::b"


def encoded(text: str, times: int = 1) -> str:
    return text if times == 0 else encoded(quote(text, safe=""), times - 1)


def filtered(name: str, value: str) -> str:
    """Return a filter as the console writes it, before the whole search is encoded."""
    return f"{name}={encoded(EQUALS + value)}"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param(f"{CONSOLE}?search={encoded(filtered('Id', ARN))}", ARN, id="as the console has it"),
        pytest.param(
            f"{CONSOLE}?search="
            + encoded(f"{filtered('ProductArn', 'arn:aws:x:y')}&{filtered('Id', 'plain-id')}&a=b"),
            "plain-id",
            id="an Id that is no ARN, between other filters",
        ),
        pytest.param(
            f"{CONSOLE}?search={encoded(filtered('Id', 'a%2Fb&c'))}", "a%2Fb&c", id="what an Id has stays"
        ),
        pytest.param(f"{CONSOLE}/{encoded(ARN)}?x=1", ARN, id="encoded once"),
        pytest.param(f"{CONSOLE}/{encoded(ARN, 2)}?x=1", ARN, id="encoded twice"),
        pytest.param(f"{CONSOLE}/{ARN}", ARN, id="not encoded"),
        pytest.param(CONSOLE, CONSOLE, id="no Id"),
        pytest.param(ELSEWHERE, ELSEWHERE, id="an Id that is a URL"),
        pytest.param(ARN, ARN, id="an ARN"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_the_id_in_a_url(text: str, named: str) -> None:
    assert id_in(text) == named


@pytest.mark.parametrize("part", ["%25", "Id=", "arn:", "&Id=\\operator\\:EQUALS\\:", "arn:a"])
def test_a_long_url_takes_no_time(part: str) -> None:
    assert len(id_in(f"{CONSOLE}?{part * 100_000}")) > 0


KEYS = [("p", "held/2"), ("p", "held/12"), ("p", "held/120"), ("q", "held/120")]


@pytest.mark.parametrize(
    ("named", "product", "meant"),
    [
        ("held/12", None, ["held/12"]),
        ("12", None, ["held/12"]),
        ("d/2", None, ["held/2"]),
        ("/120", "q", ["held/120"]),
        ("d/1", None, ["held/12", "held/120", "held/120"]),
        ("d/1", "q", ["held/120"]),
        ("x", None, []),
    ],
)
def test_what_fits_best_is_meant(named: str, product: str | None, meant: list[str]) -> None:
    assert [key[1] for key in Wanted(named, product).among(KEYS)] == meant


def test_a_part_is_too_little_where_something_is_changed() -> None:
    assert Wanted("d/1", parts=False).among(KEYS) == []
    assert Wanted("12", parts=False).among(KEYS) == [("p", "held/12")]
    assert ids_of([f"{CONSOLE}/{encoded(ARN)}"], None) == [ARN]


def explained(ids: list[str], named: str) -> tuple[int, str]:
    findings = [{"Id": each, "ProductArn": "p", "Title": f"of {each}"} for each in ids]
    rules = str(TESTS / "golden" / "explain")
    arguments = ["explain", "-", "--rules", rules, "--id", named, "--json"]
    done = CliRunner().invoke(cli, arguments, input="\n".join(map(json.dumps, findings)))
    return done.exit_code, done.stderr if done.exit_code else json.loads(done.stdout)["decision"][
        "finding_id"
    ]


def test_explain_finds_the_one_that_fits_best_behind_many_that_fit_less() -> None:
    parts = [f"a/{number}/b" for number in range(3 * MOST_NAMED)]
    ends = [f"{number}/a/" for number in range(3 * MOST_NAMED)]
    assert explained([*parts, "z/a/"], "a/") == (0, "z/a/")
    assert explained([*parts, *ends, "a/"], "a/") == (0, "a/")
    assert explained(parts, "/17/") == (0, "a/17/b")
    code, said = explained([*parts, *ends], "a/")
    assert code == 2
    assert "30 findings fit; say which one with --id" in said
    code, said = explained(parts, "none")
    assert (code, "no finding with none in its Id" in said) == (2, True)
    assert explained([ARN, "b"], f"{CONSOLE}?search={encoded(filtered('Id', ARN))}") == (0, ARN)
