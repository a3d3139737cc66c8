"""From `init` over eight mistakes to a rule that lint, test, backtest and diff have nothing against."""

from tests.docs.first_rule import FIXED, LACKING, PAGE, PLACEHOLDER, QUOTES, transcript


def test_each_message_names_the_mend_and_leads_to_the_next():
    """The transcript asserts, mistake by mistake, code, words and exit code; the page shows it."""
    assert len({QUOTES.code, *FIXED, PLACEHOLDER.code, LACKING.code}) == 8
    assert transcript() == PAGE.read_text(encoding="utf-8"), "write it again: make first-rule"
