"""What becomes of people's fields when one of them hands the finding back."""

from dataclasses import dataclass, field, replace

from tests.laws.oracle.entries import OracleClaim
from tests.laws.oracle.fields import FIELDS, USER, Finding, Key, held, is_a_persons, untouched
from tests.laws.oracle.history import ASKED, Answers, Reviewed
from tests.laws.oracle.rules import Wishes

SAME_SECOND = 1.0


@dataclass
class GivenTexts:
    """People's texts that rules were given, with the claims of before, and those that they did not set."""

    given: dict[Key, OracleClaim | None] = field(default_factory=dict)
    refused: set[Key] = field(default_factory=set)


def take_from_people(finding: Finding, reviewed: Reviewed, answers: Answers, time: float) -> None:
    """Let every field but texts be ours, unless a person is known to have set it later."""
    for key in set(FIELDS) - {"Note"} - reviewed.questions:
        claim = reviewed.claims.get(key)
        if not persons(finding, key, claim):
            if claim is not None:
                stays = key == "Workflow" and claim.before == "NEW"
                reviewed.claims[key] = replace(claim, before="NEW" if stays else None, overruled=0)
            continue
        if key in ASKED and key not in answers:
            reviewed.questions.add(key)
            continue
        answer = answers[key] if key in ASKED else None
        if answer is not None and answer.by == "person" and answer.time > time + SAME_SECOND:
            continue
        reviewed.overruled.discard(key)
        reviewed.asked.pop(key, None)
        value = held(finding, key)
        reviewed.claims.pop(key, None)
        is_open = key == "Workflow" and value in ("NEW", untouched(finding, key))
        if value is not None and not is_open:
            reviewed.claims[key] = OracleClaim(value, None, provided=claim.provided if claim else None)


def persons(finding: Finding, key: Key, claim: OracleClaim | None) -> bool:
    return claim.person if claim else is_a_persons(finding, key)


def give_texts(
    finding: Finding,
    claims: dict[Key, OracleClaim],
    wishes: Wishes,
    after: dict[Key, OracleClaim],
    texts: GivenTexts,
) -> bool:
    """Give rules the texts that they wish for, and take away what they did not set; say if that changed any.

    `after`: the claims that would hold.
    """
    unset = {key for key in texts.given if after.get(key) is None or after[key].rule is None}
    for key in unset:
        claim = texts.given.pop(key)
        claims.pop(key)
        if claim is not None:
            claims[key] = claim
    texts.refused |= unset
    if unset:
        return True
    new = [
        key
        for key in wishes.fields
        if (key == "Note" or key.startswith(USER))
        and key not in texts.refused
        and persons(finding, key, claims.get(key))
    ]
    for key in new:
        texts.given[key] = claims.get(key)
        claims[key] = OracleClaim(held(finding, key), None)
    return bool(new)
