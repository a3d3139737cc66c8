"""Hold rules against the house policy: what they say of themselves is checked, what they do is proved."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hubtriage.authoring.loaded import LoadedRule, LoadedStatement, LoadResult
from hubtriage.authoring.policy.requirements import unmet
from hubtriage.authoring.policy.selection import speaks_of
from hubtriage.authoring.problems import Problem
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.baseline import baseline
from hubtriage.engine.ruleset.policy import is_forbidden
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, load_ruleset
from hubtriage.engine.ruleset.update import Proposal
from hubtriage.proof.comparison import Finding, Proof, find
from hubtriage.proof.rules import ProvenRule, severity_of, whole_second
from hubtriage.proof.witness import needed_texts

Outcome = Literal["kept", "broken", "not proved"]
_OUTCOMES: Mapping[str, Outcome] = {"E502": "not proved"}


@dataclass(frozen=True)
class PolicyVerdict:
    """Whether a rule keeps a statement; `message` says why not, `proof` is there if it is about findings."""

    statement: str
    rule: str
    outcome: Outcome
    message: str
    proof: Proof | None


class PolicyProofs:
    """The rules of a folder with the statements of its policy, at a time (epoch seconds).

    `ruleset` is made of the same rules. Those that are off are not in it, and no statement speaks of them.
    """

    def __init__(self, loaded: LoadResult, ruleset: Ruleset, now: float) -> None:
        self._loaded = loaded
        self._now = now = whole_second(now)
        self._rules = {one.id: ProvenRule(one, loaded.accounts, now) for one in ruleset.rules}
        self._statements = {
            one.model.id: ProvenRule(_as_rule(one, loaded), loaded.accounts, now)
            for one in loaded.policy
            if one.conditions
        }

    def problems(self) -> Iterator[Problem]:
        """Yield what breaks the policy, or cannot be proved to keep it."""
        for statement in self._loaded.policy:
            yield from self._empty(statement)
            for rule in self.rules_of(statement):
                yield from self._judged(rule, statement)[1]

    def verdicts(self) -> Iterator[PolicyVerdict]:
        """Yield a verdict for each statement and each rule that it speaks of."""
        for statement in self._loaded.policy:
            for rule in self.rules_of(statement):
                proof, problems = self._judged(rule, statement)
                outcome: Outcome = _OUTCOMES.get(problems[0].code, "broken") if problems else "kept"
                message = "; ".join(one.message for one in problems)
                yield PolicyVerdict(statement.model.id, rule.id, outcome, message, proof)

    def _judged(self, rule: LoadedRule, statement: LoadedStatement) -> tuple[Proof | None, Sequence[Problem]]:
        if statement.model.require is not None:
            return None, tuple(unmet(rule, statement, self._loaded.accounts, self._now))
        proof = self.proof(rule, statement)
        return proof, tuple(_broken(rule, statement, proof))

    def rules_of(self, statement: LoadedStatement) -> Iterator[LoadedRule]:
        """Yield the rules that a statement speaks of."""
        for rule in self._loaded.rules:
            known = self._rules.get(rule.id)
            if known is not None and speaks_of(statement, rule, self._loaded.accounts, self._may_hide):
                yield rule

    def _may_hide(self, rule: str) -> bool:
        return self._rules[rule].may_hide

    def proof(self, rule: LoadedRule, statement: LoadedStatement) -> Proof:
        """Prove that a rule keeps a statement about decisions, or find a finding on which it does not."""
        known, speaks = self._rules[rule.id], self._statements[statement.model.id]
        if statement.model.only is not None:
            return find(
                [(known.acts, True), (speaks.conditions.holds, False)],
                [known.asked, speaks.asked],
                lambda finding: known.acts_on(finding) and not speaks.acts_on(finding),
                self._now,
            )
        forbidden = _forbidden(statement)
        severities = known.severities(forbidden)
        never = statement.model.never
        # what such a field is set to is known of a complete finding only, so the engine has to say
        varies = isinstance(never, dict) and not known.varying.isdisjoint(never)
        if not (severities or varies) or known.is_apart_from(speaks):
            return Proof("none")
        return find(
            [  # what takes few members of a finding comes first: many findings end there
                (speaks.conditions.holds, True),
                (lambda finding: varies or severity_of(finding) in severities, True),
                (known.may_act, True),
                (known.acts, True),
            ],
            [known.asked, speaks.asked],
            lambda finding: (
                known.acts_on(finding)
                and speaks.acts_on(finding)
                and _proposes(known.rule, finding, forbidden)
            ),
            self._now,
        )

    def _empty(self, statement: LoadedStatement) -> Iterator[Problem]:
        """Report a statement whose conditions no finding meets: it would protect nothing."""
        speaks = self._statements.get(statement.model.id)
        if speaks is None:
            return
        found = find([(speaks.conditions.holds, True)], [speaks.asked], speaks.acts_on, self._now)
        if found.verdict == "none":
            name = "only" if statement.model.only is not None else "findings"
            message = "no finding meets these conditions, so the statement says nothing"
            yield statement.document.problem("E504", (*statement.path, name), message, key=True)


def _broken(rule: LoadedRule, statement: LoadedStatement, proof: Proof) -> Iterator[Problem]:
    name = f"the policy {statement.model.id!r} ({statement.place})"
    hint = f"{_sentence(statement.model.description)} See it: hubtriage policy --witness {rule.id}"
    if proof.verdict == "some":
        what = _WHAT["only" if statement.model.only is not None else str(statement.model.never)]
        held = ", ".join(needed_texts(proof.needed or {})) or "any content"
        message = f"it breaks {name}: it {what} a finding with {held}"
        yield _at_conditions(rule, "E501", message, hint)
    if proof.verdict == "undecided":
        message = f"it cannot be proved to keep {name}: {proof.reasons[0]}"
        hint = f"{_sentence(statement.model.description)} Write the condition in another way"
        yield _at_conditions(rule, "E502", message, hint)


_WHAT = defaultdict(lambda: "changes", only="acts on", hide="hides")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _as_rule(statement: LoadedStatement, loaded: LoadResult) -> Rule:
    source = {"id": statement.model.id, "update": {"Confidence": 0}, **statement.conditions}
    document = {"format": 1, "hash": "", "accounts": loaded.accounts, "rules": [source]}
    return load_ruleset(document).rules[0]


_Wanted = Callable[[Proposal, ParsedFinding], bool]


def _forbidden(statement: LoadedStatement) -> _Wanted:
    """Return a test of a proposal for a finding: whether the statement forbids it."""
    never = statement.model.never
    return lambda proposal, finding: is_forbidden(never, proposal.field, proposal.value, finding)


def _proposes(rule: Rule, finding: Finding, forbidden: _Wanted) -> bool:
    base = baseline(ParsedFinding(finding), {})
    return any(forbidden(proposal, base) for proposal in rule.proposals.of(base))


def _at_conditions(rule: LoadedRule, code: str, message: str, hint: str) -> Problem:
    key = "match" if rule.match is not None else "when"
    return rule.document.problem(code, (*rule.path, key), message, hint, key=True)
