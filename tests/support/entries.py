"""Entries of the ledger as Hypothesis draws them, and an ordinary one."""

import json

from hypothesis import strategies as st

from hubtriage.aws.ledger.entry_format import read_entry
from hubtriage.engine.fields import CONFIDENCE, CRITICALITY, FIELDS, RELATED, TYPES, user_field
from hubtriage.engine.planning.entry import Claim, Entry, Intent, stored
from hubtriage.engine.planning.news import KINDS, Delivered, News, Reported
from tests.support.paths import TESTS

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60).map(json.dumps).map(json.loads)
"""Every text that JSON can hold, half a surrogate pair among them. JSON makes two halves one character."""
NAMES = st.one_of(st.sampled_from(sorted(FIELDS)), ANY_TEXT.map(user_field))
RULES = st.text(st.sampled_from("abcxyz-09"), min_size=1, max_size=12)
TIMES = st.floats(0, 4e9)
COUNTS = st.integers(0, 9)


def values_of(name: str) -> st.SearchStrategy[object]:
    """Values that a field can have; None for none."""
    if name in (CONFIDENCE, CRITICALITY):
        return st.none() | st.integers(0, 100)
    if name == TYPES:
        return st.none() | st.lists(ANY_TEXT, min_size=1, max_size=3).map(tuple)
    if name == RELATED:
        return st.none() | st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=3).map(tuple)
    return st.none() | ANY_TEXT


@st.composite
def claims(draw: st.DrawFn) -> dict[str, Claim]:
    """Draw claims of up to three fields."""
    return {
        name: Claim(
            value=stored(draw(values_of(name))),
            rule=draw(st.none() | RULES),
            before=draw(values_of(name)),
            overruled=draw(COUNTS),
            person=draw(st.booleans()),
            left_out=draw(st.booleans()),
            provided=draw(values_of(name)),
        )
        for name in draw(st.lists(NAMES, max_size=3, unique=True))
    }


VALUES = st.dictionaries(NAMES, ANY_TEXT.map(stored) | st.integers(0, 100) | st.none(), max_size=3)
SETS = st.dictionaries(NAMES, st.lists(TIMES, min_size=1, max_size=4).map(tuple), max_size=3)
CHANGES = st.builds(
    lambda field, old, new, rule, why: {"field": field, "from": old, "to": new, "rule": rule, **why},
    NAMES,
    ANY_TEXT.map(stored) | st.integers(0, 100) | st.none(),
    ANY_TEXT.map(stored) | st.integers(0, 100) | st.none(),
    st.none() | RULES,
    st.sampled_from([{"why": "rule"}, {"why": "taken back", "cause": "expired"}]),
)
TICKETS = st.builds(
    lambda to, rule, group, per, standing: Delivered(to, "ticket", rule, group, per, *standing),
    RULES,
    RULES,
    ANY_TEXT,
    st.sampled_from(["account", "rule"]),
    st.sampled_from([("open", None), ("done", "gone"), ("done", "moved")]),
)
MESSAGES = st.builds(lambda to, rule, group: Delivered(to, "message", rule, group), RULES, RULES, ANY_TEXT)
NEWS = st.builds(
    News,
    kind=st.sampled_from(KINDS),
    at=TIMES,
    sequence=st.integers(1, 2**53),
    rule=st.none() | RULES,
    rules=st.lists(RULES, max_size=2).map(tuple),
    changes=st.lists(CHANGES, max_size=2).map(tuple),
    overruled=st.lists(NAMES, max_size=2).map(tuple),
    deliver=st.lists(TICKETS | MESSAGES, max_size=2).map(tuple),
)
INTENTS = st.builds(
    Intent, claims=claims(), written=VALUES, was=VALUES, time=TIMES, sets=SETS, news=st.none() | NEWS
)
ENTRIES = st.builds(
    Entry,
    claims=claims(),
    version=st.integers(1, 2**53),
    started=TIMES,
    ended=TIMES,
    written=VALUES,
    intent=st.none() | INTENTS,
    sets=SETS,
    asked=VALUES,
    about=st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=5),
    gone=st.none() | TIMES,
    news=st.lists(NEWS, max_size=2).map(tuple),
    told=st.just(0) | st.integers(1, 2**53),
    reported=st.dictionaries(
        RULES, st.builds(Reported, RULES, st.sampled_from(["account", "rule"]), ANY_TEXT, st.booleans())
    ),
)

RULE = "sandbox-public-buckets"
HIDDEN = {
    "Workflow.Status": Claim("SUPPRESSED", RULE),
    "Severity.Label": Claim("INFORMATIONAL", RULE),
    "Note.Text": Claim(stored("Accepted in sandbox accounts until the migration ends. SEC-1042"), RULE),
}
WRITTEN = {name: claim.value for name, claim in HIDDEN.items()}
ABOUT = {
    "account": "111122223333",
    "region": "eu-central-1",
    "severity": "MEDIUM",
    "control": "S3.8",
}
ORDINARY = Entry(
    claims=HIDDEN,
    version=2,
    started=1790000000.123456,
    ended=1790000000.654321,
    written=WRITTEN,
    sets=dict.fromkeys(HIDDEN, (1790000000.123456,)),
    about=ABOUT,
)
"""What most entries look like: one write that hid a finding."""


def golden_entries() -> dict[str, Entry]:
    """Entries of every form that is stored, by their names; each has another version."""
    lines = (TESTS / "golden" / "ledger" / "entries.txt").read_text().splitlines()
    named = (line.partition(": ") for line in lines)
    return {name: read_entry(text, number) for number, (name, _, text) in enumerate(named, start=1)}
