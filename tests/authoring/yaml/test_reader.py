"""Reading YAML: positions of everything, bounded work, and an error with a place for what is not allowed."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.authoring.problems import Position
from hubtriage.authoring.yaml.reader import MAX_DEPTH, parse


def problems_of(content):
    _document, problems = parse("f.yaml", content.encode() if isinstance(content, str) else content)
    return [problem.render() for problem in problems]


def value_of(text):
    document, problems = parse("f.yaml", text.encode())
    assert not problems
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a: [1, x, true]", {"a": [1, "x", True]}, id="a flow list"),
        pytest.param("- a\n- b: c\n", ["a", {"b": "c"}], id="block lists and mappings"),
        pytest.param('a: "011122223333"', {"a": "011122223333"}, id="quoted digits are text"),
        pytest.param("a: '2026-10-01'", {"a": "2026-10-01"}, id="a quoted date is text"),
        pytest.param("a: |\n  1\n  2\n", {"a": "1\n2\n"}, id="a block scalar is text"),
        pytest.param("a: ! 5", {"a": "5"}, id="the non-specific tag makes text"),
        pytest.param("\ufeffa: b", {"a": "b"}, id="a byte order mark is skipped"),
        pytest.param("a: &x [1]\nb: *x", {"a": [1], "b": [1]}, id="an alias shares a whole value"),
        pytest.param("a: &x z\n*x : b", {"a": "z", "z": "b"}, id="an alias may stand for a key"),
        pytest.param("---\na: b\n...\n", {"a": "b"}, id="document marks"),
        pytest.param("a:\r\n  b: c\r\n", {"a": {"b": "c"}}, id="line ends of Windows"),
    ],
)
def test_what_is_read(text, value):
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            "id: a\norder: 1\nid: b\n",
            "f.yaml:3:1: E003 key 'id' appears twice (first in line 1)\n    id: b\n    ^\n"
            "  hint: most YAML readers would keep only the last one; delete or rename one of them",
            id="a duplicate key",
        ),
        pytest.param(
            "a: {b: 1, b: 2}",
            "f.yaml:1:11: E003 key 'b' appears twice (first in line 1)\n"
            "    a: {b: 1, b: 2}\n              ^\n"
            "  hint: most YAML readers would keep only the last one; delete or rename one of them",
            id="a duplicate key in braces",
        ),
        pytest.param(
            "no: a",
            "f.yaml:1:1: E004 unquoted no is a boolean to YAML; text is wanted\n    no: a\n    ^\n"
            '  hint: write "no"',
            id="a boolean as key",
        ),
        pytest.param(
            "111122223333: a",
            "f.yaml:1:1: E004 unquoted 111122223333 is a number to YAML; text is wanted\n"
            '    111122223333: a\n    ^\n  hint: write "111122223333"',
            id="an account id as key",
        ),
        pytest.param(
            "[a]: b",
            "f.yaml:1:1: E007 a key must be text\n    [a]: b\n    ^",
            id="a list as key",
        ),
        pytest.param(
            "a: &x {b: c}\nd:\n  <<: *x\n",
            "f.yaml:3:3: E007 merge keys ('<<') are not supported\n    <<: *x\n    ^\n"
            "  hint: write the keys out, or share a whole value with an anchor ('&name') "
            "and an alias ('*name')",
            id="a merge key",
        ),
        pytest.param(
            "a: !!int '3'",
            "f.yaml:1:4: E007 the tag '!!int' is not supported\n    a: !!int '3'\n       ^\n"
            "  hint: write the value without the tag; quote it if text is meant",
            id="a tag",
        ),
        pytest.param(
            "when:\n  !: [{var: Id}]",
            "f.yaml:2:3: E007 an unquoted ! starts a tag\n    !: [{var: Id}]\n    ^\n"
            '  hint: quote the operator: "!"',
            id="an unquoted exclamation mark",
        ),
        pytest.param(
            "when:\n  >: [1, 2]",
            "f.yaml:2:4: E002 not YAML: did not find expected comment or line break"
            " (while scanning a block scalar)\n    >: [1, 2]\n     ^\n"
            '  hint: quote the operator: ">"',
            id="an unquoted greater-than",
        ),
        pytest.param(
            "when:\n  %: [1, 2]",
            "f.yaml:2:3: E002 not YAML: found character that cannot start any token"
            " (while scanning for the next token)\n    %: [1, 2]\n    ^\n"
            '  hint: quote the operator: "%"',
            id="an unquoted per cent",
        ),
        pytest.param(
            "a:\n\tb: c",
            "f.yaml:2:1: E002 not YAML: found character that cannot start any token"
            " (while scanning for the next token)\n     b: c\n    ^\n"
            "  hint: indent with spaces: YAML allows no tabs",
            id="a tab",
        ),
        pytest.param(
            "a:\n  - b: c\n   d: {e: f}",
            "f.yaml:3:4: E002 not YAML: did not find expected '-' indicator"
            " (while parsing a block collection)\n    d: {e: f}\n    ^\n"
            "  hint: indent the line as those that it belongs to",
            id="indented too little",
        ),
        pytest.param(
            "a:\n  - b: c\n     d: {e: f}",
            "f.yaml:3:7: E002 not YAML: mapping values are not allowed in this context\n"
            "    d: {e: f}\n     ^\n"
            "  hint: indent the line as those that it belongs to",
            id="indented too much",
        ),
        pytest.param(
            "a: [1, 2\nb: c\n",
            "f.yaml:2:2: E002 not YAML: did not find expected ',' or ']' (while parsing a flow sequence)\n"
            "    b: c\n     ^\n"
            "  hint: a bracket before it is not closed",
            id="a list that does not end",
        ),
        pytest.param(
            "a: 'b\nc: d",
            "f.yaml:2:5: E002 not YAML: found unexpected end of stream (while scanning a quoted scalar)\n"
            "    c: d\n        ^\n"
            "  hint: a quote or bracket before it is not closed",
            id="a text that does not end",
        ),
        pytest.param(
            "a: b: c",
            "f.yaml:1:5: E002 not YAML: mapping values are not allowed in this context\n"
            "    a: b: c\n        ^\n"
            "  hint: text that holds ': ' needs quotes",
            id="a colon in text",
        ),
        pytest.param(
            "a: *x",
            "f.yaml:1:4: E002 the alias '*x' has no anchor before it\n    a: *x\n       ^\n"
            "  hint: an anchor is '&name' before a value; text that starts with '*' needs quotes",
            id="an unknown alias",
        ),
        pytest.param(
            "a: &x [*x]",
            "f.yaml:1:8: E002 the alias '*x' has no anchor before it\n    a: &x [*x]\n           ^\n"
            "  hint: an anchor is '&name' before a value; text that starts with '*' needs quotes",
            id="a value that holds itself",
        ),
        pytest.param(
            "a: b\n---\nc: d\n",
            "f.yaml:2:1: E005 a second YAML document starts here\n    ---\n    ^\n"
            "  hint: a rule file holds one document: move what follows '---' into a file of its own",
            id="a second document",
        ),
        pytest.param(
            b"a: b\nc: d\xe9\n",
            "f.yaml:2:5: E001 the file is not UTF-8: byte 0xe9\n"
            "  hint: save the file with the encoding UTF-8",
            id="Latin-1",
        ),
        pytest.param(
            "a: b\nc: d\x1b[31m\n",
            "f.yaml:2:5: E002 not YAML: control characters are not allowed\n    c: d [31m\n        ^\n"
            "  hint: remove the character, or write it as an escape in quotes",
            id="a control character, which is not printed either",
        ),
    ],
)
def test_what_is_refused(content, expected):
    assert problems_of(content) == [expected]


def test_all_problems_that_do_not_stop_the_reader_are_told():
    told = problems_of("a: 1\na: 2\nno: 1\nb: !!str x\n")
    assert [line.split(": ")[1].split()[0] for line in told] == ["E003", "E004", "E007"]


def test_an_empty_file_has_no_document():
    assert parse("f.yaml", b"") == (None, [])
    assert parse("f.yaml", b"# only a comment\n") == (None, [])


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_ends_in_an_error_and_not_the_process(opening):
    (told,) = problems_of(opening * 200_000)
    assert f"E006 values are nested more than {MAX_DEPTH} deep" in told


def test_nesting_through_aliases_counts():
    (told,) = problems_of(f"a: &x {'[' * 40}{']' * 40}\nb: {'[' * 30}*x{']' * 30}")
    assert told.startswith("f.yaml:2:34: E006")


def test_what_aliases_expand_to_is_bounded():
    lines = ["a0: &a0 [" + "x, " * 9 + "x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 30)]
    (told,) = problems_of("\n".join(lines))
    assert told.startswith("f.yaml:7:")
    assert "E006 the file has more than 2000000 values" in told


def test_the_value_at_the_greatest_depth_is_read():
    text = "[" * (MAX_DEPTH - 1) + "x" + "]" * (MAX_DEPTH - 1)
    assert str(value_of(text)) == text.replace("x", "'x'")


TEXT = """\
lists:
  one: ["a", é: b]
rules:
  - id: x
    match: {A: [1, {prefix: "b"}]}
"""


@pytest.mark.parametrize(
    ("path", "of_value", "of_key"),
    [
        (("lists",), (2, 3), (1, 1)),
        (("lists", "one"), (2, 8), (2, 3)),
        (("lists", "one", 0), (2, 9), (2, 9)),
        (("rules", 0), (4, 5), (4, 5)),
        (("rules", 0, "id"), (4, 9), (4, 5)),
        (("rules", 0, "match", "A", 1, "prefix"), (5, 29), (5, 21)),
        (("rules", 0, "match", "A", 9), (5, 16), (5, 16)),
        (("rules", 0, "unknown"), (4, 5), (4, 5)),
    ],
)
def test_every_key_and_value_has_its_place(path, of_value, of_key):
    document, _problems = parse("f.yaml", TEXT.encode())
    assert document.locate(path) == Position(*of_value)
    assert document.locate_key(path) == Position(*of_key)


def test_an_alias_is_placed_where_it_stands():
    document, _problems = parse("f.yaml", b"a: &x {b: c}\nd: *x\n")
    assert document.locate(("d",)) == Position(2, 4)


@given(
    st.binary(max_size=200)
    | st.text("abc:-[]{}#&*!|>'\"%@`\n\t ,?0159.<=~\u2028\x85", max_size=120).map(str.encode)
)
def test_whatever_a_file_holds_it_ends_in_a_document_or_in_problems_of_its_lines(content):
    document, problems = parse("f.yaml", content)
    lines = re.split(r"\r\n|[\n\r\x85\u2028\u2029]", content.decode("utf-8", "replace"))
    for problem in problems:
        assert 1 <= problem.position.line <= len(lines) + 1
        assert problem.position.column >= 1
        assert all(char.isprintable() or char == "\n" for char in problem.render())
    assert document is not None or problems or yaml.compose(content, Loader=yaml.SafeLoader) is None
