"""The stored form of an item: a change would lose every entry in the field."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.ledger.item import attributes, entry_of, finding_text, hash_of, key_of_item
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry
from tests.support.entries import ANY_TEXT, ENTRIES, ORDINARY
from tests.support.examples import examples

CONTROL = (
    "arn:aws:securityhub:eu-central-1::product/aws/securityhub",
    "arn:aws:securityhub:eu-central-1:111122223333:security-control/S3.8/finding/"
    + str(UUID(int=2**127 + 1)),
)
KEYS = st.tuples(ANY_TEXT, ANY_TEXT)


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        pytest.param(("arn", "id"), "e-lhMzXNSkRqYmubGQbX8uT3yH-lNE4D", id="plain"),
        pytest.param(CONTROL, "1xw7_ZlXpLybcc5tFbCCLIg0KJCXZokU", id="a finding of a control"),
        pytest.param(("arn", "é漢😀\ud800"), "0IIjSgGa35LJ63RbMfKgogtWmzKWmbpk", id="odd characters"),
        pytest.param(("", ""), "Q5CD84lWulHs6QYxVSxuojxcKVcNPVcQ", id="nothing"),
    ],
)
def test_the_key_of_a_finding_is_pinned(key: Key, hashed: str) -> None:
    assert hash_of(key) == hashed


@given(KEYS, KEYS)
@examples(200)
def test_two_findings_share_no_item(one: Key, other: Key) -> None:
    assert (hash_of(one) == hash_of(other)) == (one == other)


@given(KEYS, ENTRIES)
@examples(100)
def test_an_item_gives_finding_and_entry_back(key: Key, entry: Entry) -> None:
    item = {"k": {"S": hash_of(key)}, "finding": {"S": finding_text(key)}, **attributes(entry, entry.version)}
    assert (key_of_item(item), entry_of(item)) == (key, entry)


def test_an_ordinary_item_fits_into_one_write_unit() -> None:
    """AWS: 1 KB of names and values; a list takes 3 bytes more, and each of its members one."""
    item = {"k": {"S": hash_of(CONTROL)}, "finding": {"S": finding_text(CONTROL)}, **attributes(ORDINARY, 2)}
    rules = sum(len(rule["S"]) + 1 for rule in item["rules"]["L"]) + 3
    texts = sum(len(item[name]["S"]) for name in ("k", "finding", "entry"))
    assert sum(map(len, item)) + rules + texts + len("2") + 1 < 1000
