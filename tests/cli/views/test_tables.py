"""Tables stay aligned whatever is in a cell."""

from rich.cells import cell_len

from hubtriage.cli.views.tables import LONGEST_CELL, table


def test_texts_are_to_the_left_and_numbers_to_the_right() -> None:
    rows = [["accepted", 1_234, ""], ["a", 0, "NEW"]]
    assert list(table(["rule", "changed", "to"], rows)) == [
        "  rule      changed  to",
        "  accepted    1,234",
        "  a               -  NEW",
    ]


def test_a_wide_character_takes_two_columns() -> None:
    lines = list(table(["account", "findings"], [["開発", 7], ["dev", 12]]))
    assert {cell_len(line) for line in lines} == {2 + 7 + 2 + 8}


def test_a_long_text_is_cut_and_control_characters_are_escaped() -> None:
    for text in ("x" * 100, "開" * 100, "\x1b[2J" * 100):
        (_head, line) = table(["why"], [[text]])
        assert cell_len(line.strip()) == LONGEST_CELL
        assert line.endswith("…")
        assert line.isprintable()


def test_without_rows_there_is_the_head() -> None:
    assert list(table(["rule", "findings"], [])) == ["  rule  findings"]
