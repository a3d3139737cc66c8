"""A rule gets another end in its file, and nothing else changes there."""

import pytest

from hubtriage.authoring.yaml.renewal import RenewalError, renewed

NEW = {"expires": "2028-06-30"}
BLOCK = """\
# ours
rules:
  - id: a            # first
    expires: 2027-01-31   # until the migration
    match: {Region: [eu-west-1]}
  - id: b
    match:
      Region: [eu-west-1]
"""
CHANGES = [
    pytest.param(BLOCK, 0, NEW, ("expires: 2027-01-31   #", "expires: 2028-06-30   #"), id="a date"),
    pytest.param(
        BLOCK,
        1,
        NEW,
        ("    match:\n      Region", "    expires: 2028-06-30\n    match:\n      Region"),
        id="a new key",
    ),
    pytest.param(
        BLOCK,
        0,
        {"expires": "2028-06-30", "ticket": "SEC-7"},
        (
            "expires: 2027-01-31   # until the migration\n",
            "expires: 2028-06-30   # until the migration\n    ticket: SEC-7\n",
        ),
        id="two keys, one of them new",
    ),
    pytest.param(
        "rules: [{id: a, expires: 2027-01-31, match: {Region: [x]}}]",
        0,
        NEW,
        ("2027-01-31", "2028-06-30"),
        id="in brackets",
    ),
    pytest.param(
        "rules: [{id: a, match: {Region: [x]}}]",
        0,
        NEW,
        ("match", "expires: 2028-06-30, match"),
        id="new in brackets",
    ),
    pytest.param(
        "rules:\n- {id: a, expires: '2027-01-31', when: true}",
        0,
        NEW,
        ("2027-01-31", "2028-06-30"),
        id="in quotes",
    ),
    pytest.param(
        "defaults: {expires: 2027-01-31}\nrules:\n- id: a\n  when: true\n",
        0,
        NEW,
        ("  when", "  expires: 2028-06-30\n  when"),
        id="where the file has a default",
    ),
    pytest.param(
        "rules:\r\n- id: a\r\n  when: true\r\n",
        0,
        NEW,
        ("  when", "  expires: 2028-06-30\r\n  when"),
        id="with the line ends that there are",
    ),
    pytest.param(
        "\ufeffrules:\n- id: a\n  expires: 2027-01-31\n", 0, NEW, ("2027-01-31", "2028-06-30"), id="a mark"
    ),
    pytest.param(
        "rules:\n- id: a\n  ticket: x\n  when: true\n",
        0,
        {"ticket": "true"},
        ("ticket: x", 'ticket: "true"'),
        id="a text that needs quotes",
    ),
    pytest.param(
        "rules:\n- id: a\n  ticket: x\n  when: true\n",
        0,
        {"ticket": 'a "b": c'},
        ("ticket: x", 'ticket: "a \\"b\\": c"'),
        id="a text with quotes",
    ),
]


@pytest.mark.parametrize(("text", "index", "values", "change"), CHANGES)
def test_only_that_changes(text: str, index: int, values: dict[str, str], change: tuple[str, str]) -> None:
    assert text.count(change[0]) == 1
    assert renewed("a.yaml", text.encode(), ("rules", index), values).decode() == text.replace(*change)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("rules:\n- id: a\n", id="no key to stand before"),
        pytest.param("rules:\n- &r {id: a, expires: 2027-01-31}\n- *r\n", id="a rule that stands twice"),
        pytest.param(
            "rules:\n- id: a\n  expires: &e 2027-01-31\n- id: b\n  expires: *e\n",
            id="an end that stands twice",
        ),
        pytest.param(
            "rules:\n- id: a\n  expires: >-\n    2027-01-31\n  when: true\n", id="over several lines"
        ),
    ],
)
def test_what_cannot_be_changed_in_one_place_is_refused(text: str) -> None:
    with pytest.raises(RenewalError):
        renewed("a.yaml", text.encode(), ("rules", 0), NEW)
