"""What the page about Security Hub V2 shows is so."""

from hubtriage.authoring.checks.registry import V2_CODES
from hubtriage.engine.ocsf.blind import SEEN
from hubtriage.engine.ocsf.update import LONGEST_COMMENT, NOT_IN_V2
from hubtriage.engine.ocsf.view import STATUSES
from tests.docs.v2_tables import HOW, PAGE, sources, written

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_tables_are_made_from_the_code() -> None:
    """`python -m tests.docs.v2_tables` writes them."""
    assert written(TEXT) == TEXT


def test_every_member_that_rules_see_is_read_from_somewhere() -> None:
    assert {".".join(keys) for keys in SEEN} == set(sources())
    assert HOW.keys() <= set(sources())


def test_the_page_names_every_status_and_code() -> None:
    assert [word for word in STATUSES.values() if word not in TEXT] == []
    assert [code for code in V2_CODES if f"(checks/{code}.md)" not in TEXT] == []
    assert f"up to {LONGEST_COMMENT} characters" in TEXT
    assert f'"{NOT_IN_V2}"' in TEXT
