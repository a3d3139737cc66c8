"""Bugs of handing back: what is forgotten of people, since when, and for whom."""

from tests.mutants.mutation import Mutation

HAND_BACK = (
    Mutation(
        "a hand-back does not wait for what people did before it",
        "aws/triage/hand_backs.py",
        "due_at = hand_back.time + LAG",
        "due_at = hand_back.time",
    ),
    Mutation(
        "a hand-back never becomes void",
        "aws/triage/hand_backs.py",
        "if now - hand_back.time > VOID_AFTER:",
        "if False:",
    ),
    Mutation(
        "an event beside a hand-back decides, and no reading",
        "aws/triage/staleness.py",
        'if snapshot.kind == "hand-back":\n        return UNSETTLED',
        'if snapshot.kind == "hand-back":\n        return CURRENT',
    ),
    Mutation(
        "any Custom Action hands back",
        "aws/triage/events.py",
        "        [action],\n    ):",
        '        event.get("resources"),\n    ):',
    ),
    Mutation(
        "what a hand-back says of a finding is believed",
        "aws/triage/events.py",
        " if hand_back is None else _named(finding)",
        "",
    ),
    Mutation(
        "what a person sets after a hand-back is forgotten too",
        "engine/planning/hand_back.py",
        "if _is_set_after(until, name, authors):",
        "if False:",
    ),
    Mutation(
        "a person's text is lost although no rule sets one",
        "engine/planning/hand_back.py",
        "unset = [name for name in self.texts if not _is_set_by_a_rule(name, planned)]",
        "unset: list[str] = []",
    ),
    Mutation(
        "a signature serves for whatever is asked",
        "aws/hand_back/proof.py",
        "if missing := _SIGNED - set(",
        'if missing := {"host"} - set(',
    ),
    Mutation(
        "identities of other accounts are taken",
        "aws/hand_back/function.py",
        "if caller.account != own:",
        "if not own:",
    ),
)
