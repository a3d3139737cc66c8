"""Bugs to plant one by one: what each would do to a finding, the file, and the edit.

`LAWS` are bugs of planning and matching, to be found by the laws; `INDEX` are bugs of the index, to be
found by its comparison with evaluating every rule.
"""

from typing import NamedTuple


class Mutation(NamedTuple):
    """A bug: in words, the engine's file, the text as it is and as the bug has it."""

    story: str
    file: str
    old: str
    new: str


LAWS = (
    Mutation(
        "a person's change is taken for ours",
        "planning/baseline.py",
        "return replace(claim, person=True, overruled=claim.overruled + 1",
        "return replace(claim, overruled=claim.overruled + 1",
    ),
    Mutation(
        "being overruled is forgotten at once",
        "planning/baseline.py",
        '    return replace(claim, person=True, overruled=claim.overruled + 1, closed_by="", left_out=False)',
        "    return None",
    ),
    Mutation(
        "a reset by the service is taken for a person's decision",
        "planning/baseline.py",
        "if name == WORKFLOW and _service_did_it(claim, value, finding):",
        "if False and name == WORKFLOW and _service_did_it(claim, value, finding):",
    ),
    Mutation(
        "every reopening is taken for a reset by the service",
        "planning/baseline.py",
        "any(state not in closed for state in claim.closed_by)",
        "True",
    ),
    Mutation(
        "what closes the finding is not looked at again",
        "planning/baseline.py",
        "return claim if closed_now == claim.closed_by else replace(claim, closed_by=closed_now)",
        "return claim",
    ),
    Mutation(
        "what the service resolved is taken for a person's decision",
        "planning/baseline.py",
        'return status == "RESOLVED" and "P" in closed and claim.code == "T"',
        "return False",
    ),
    Mutation(
        "rules see our own output instead of the baseline",
        "planning/plan.py",
        "base = baseline(parsed, claims)",
        "base = parsed",
    ),
    Mutation(
        "the provider's present severity is not seen behind ours",
        "planning/baseline.py",
        "    return value if known else claim.provided",
        "    return finding.value(name)",
    ),
    Mutation(
        "an absent workflow does not count as NEW",
        "planning/baseline.py",
        "        values[WORKFLOW] = FIELDS[WORKFLOW].default",
        "        pass",
    ),
    Mutation(
        "the ceiling is one too high",
        "ruleset/ruleset.py",
        "SEVERITY_RANK[label] > SEVERITY_RANK[ceiling]",
        "SEVERITY_RANK[label] > SEVERITY_RANK[ceiling] + 1",
    ),
    Mutation(
        "a rule without a ceiling may hide HIGH",
        "ruleset/ruleset.py",
        'DEFAULT_CEILING: Final = "MEDIUM"',
        'DEFAULT_CEILING: Final = "HIGH"',
    ),
    Mutation(
        "the ceiling is held against what a person says alone",
        "ruleset/ruleset.py",
        "labels = (baseline.value(SEVERITY), baseline.provider_value(SEVERITY)[1])",
        "labels = (baseline.value(SEVERITY),)",
    ),
    Mutation(
        "the ceiling is held against what the provider says alone",
        "ruleset/ruleset.py",
        "labels = (baseline.value(SEVERITY), baseline.provider_value(SEVERITY)[1])",
        "labels = (baseline.provider_value(SEVERITY)[1] or baseline.value(SEVERITY),)",
    ),
    Mutation(
        "a rule that fails stays in force above its ceiling",
        "planning/fold.py",
        "if rule.is_above_ceiling(base):",
        "if rule.id not in errors and rule.is_above_ceiling(base):",
    ),
    Mutation(
        "a rule hides in the mode in which nothing new is hidden",
        "planning/doubt.py",
        "not self.may_hide and rule.hides(self.base)",
        "False",
    ),
    Mutation(
        "a failed rule keeps hidden what is above every ceiling",
        "planning/doubt.py",
        "        return all(is_above(ceiling, self.base) for ceiling in ceilings)",
        "        return False",
    ),
    Mutation(
        "a severity in never is written",
        "planning/doubt.py",
        "if name in self.never and name != WORKFLOW:",
        "if False:",
    ),
    Mutation(
        "what follows its provider stays behind while nothing new is hidden",
        "planning/resolve.py",
        "if why == HIDING_STOPPED and claim.rule == FOLLOWS_PROVIDER:",
        "if False:",
    ),
    Mutation(
        "lowering the severity is not hiding",
        "ruleset/ruleset.py",
        "    return name == SEVERITY and lowers(value, finding)",
        "    return False",
    ),
    Mutation(
        "a rule does not end",
        "ruleset/ruleset.py",
        "(self.ends is None or now < self.ends)",
        "True",
    ),
    Mutation(
        "a rule starts at once",
        "ruleset/ruleset.py",
        "(self.starts is None or self.starts <= now)",
        "True",
    ),
    Mutation(
        "the earlier rule wins",
        "planning/fold.py",
        "        result.proposals[proposal.field] = (rule, proposal)",
        "        result.proposals.setdefault(proposal.field, (rule, proposal))",
    ),
    Mutation(
        "terminal does not stop",
        "planning/fold.py",
        "        if rule.terminal and enforced:\n            break",
        "        if False:\n            break",
    ),
    Mutation(
        "a rule in observe acts",
        "planning/fold.py",
        '"observe": _observe}',
        '"observe": _enforce}',
    ),
    Mutation(
        "a rule on hold does new things",
        "planning/fold.py",
        '"hold": _hold,',
        '"hold": _enforce,',
    ),
    Mutation(
        "a person's field is set without override",
        "planning/resolve.py",
        "        if rule.override:\n            return f",
        "        if True:\n            return f",
    ),
    Mutation(
        "a person's note is replaced by override",
        "planning/resolve.py",
        "        if name == NOTE:\n            return \"a person's note",
        "        if False:\n            return \"a person's note",
    ),
    Mutation(
        "an override never gives up",
        "planning/resolve.py",
        "if overruled >= MOST_OVERRULINGS else None",
        "if overruled >= 1000 else None",
    ),
    Mutation(
        "what an override replaced is not remembered",
        "planning/resolve.py",
        "claim = claim if why else replace(claim, before=value)",
        "claim = claim",
    ),
    Mutation(
        "giving back suppresses again",
        "planning/resolve.py",
        "        return target in HIDING_STATUSES",
        "        return False",
    ),
    Mutation(
        "what no rule wants stays",
        "planning/resolve.py",
        "            return self._take_back(name, claim)\n        return FieldOutcome(claim)",
        "            return FieldOutcome(claim)\n        return FieldOutcome(claim)",
    ),
    Mutation(
        "a severity taken back does not follow its provider",
        "planning/resolve.py",
        "return self._undo(name, claim, target, payload, follows)",
        "return self._undo(name, claim, target, payload)",
    ),
    Mutation(
        "a key that stays although left out is asked for again and again",
        "planning/resolve.py",
        'if claim.left_out or self.udf == "merge"',
        'if self.udf == "merge"',
    ),
    Mutation(
        "the memo is filled up, with no room to take back",
        "planning/limits.py",
        "len(ours[MEMO_KEY]) + growth(claims_of(outcomes))",
        "len(ours[MEMO_KEY])",
    ),
    Mutation(
        "where there is no room for what is new nothing is taken back",
        "planning/limits.py",
        "{**dict.fromkeys(new, refused), **noteless}",
        "noteless",
    ),
    Mutation(
        "the claims of keys that are gone stay",
        "planning/resolve.py",
        "        if self.finding.value(name) is None:\n            return FieldOutcome()",
        "        if self.finding.value(name) is None:\n            return FieldOutcome(claim)",
    ),
    Mutation(
        "a rule of which nothing stands is named",
        "planning/payload.py",
        "if not claim.person and not claim.left_out}",
        "if not claim.person}",
    ),
    Mutation(
        "AtMost is taken for AtLeast",
        "ruleset/update.py",
        'most, least = raw.get("AtMost"), raw.get("AtLeast")',
        'least, most = raw.get("AtMost"), raw.get("AtLeast")',
    ),
    Mutation(
        "AtLeast says nothing where the severity is high enough",
        "ruleset/update.py",
        "        return Proposal(SEVERITY, SEVERITIES[rank]",
        "        if SEVERITIES[rank] == label:\n            return None\n"
        "        return Proposal(SEVERITY, SEVERITIES[rank]",
    ),
    Mutation(
        "types to remove stay",
        "ruleset/update.py",
        "if item not in removed]",
        "]",
    ),
    Mutation(
        "types to add are instead of those that are there",
        "ruleset/update.py",
        "dict.fromkeys([*kept, *added])",
        "dict.fromkeys(added or kept)",
    ),
    Mutation(
        "a normalized severity of 70 is MEDIUM",
        "fields.py",
        '(70, "HIGH")',
        '(71, "HIGH")',
    ),
    Mutation(
        "types in another order are other types",
        "fields.py",
        "        return set(one or ()) == set(other or ())",
        "        return bool(one == other)",
    ),
    Mutation(
        "what a rule says of itself is left open",
        "ruleset/templates.py",
        "_constant(_scalar(rule.get(path)))",
        "_constant(MISSING)",
    ),
    Mutation(
        "a text is cut one character late",
        "ruleset/templates.py",
        "text if len(text) <= limit else text[: limit - 1]",
        "text if len(text) <= limit else text[:limit]",
    ),
    Mutation(
        "keys of other tools are lost",
        "planning/payload.py",
        "{k: v for k, v in finding.user_fields().items() if k not in OUR_KEYS}",
        "{}",
    ),
    Mutation(
        "a wiped memo is not noticed",
        "planning/memo.py",
        'if memo.kind in ("none", "unknown", "unreadable") and is_our_note(finding.raw):',
        "if False:",
    ),
    Mutation(
        "another stack's memo is read as ours",
        "planning/memo.py",
        "    if managed != stack",
        "    if False and managed != stack",
    ),
)

INDEX = (
    Mutation(
        "absence beside a value is taken for absence everywhere",
        "index/from_match.py",
        "return any(other != path and lists & lists_on(other[:-1]) for other in paths)",
        "return False",
    ),
    Mutation(
        "true is looked up as 1",
        "index/masks.py",
        "if value is True or value is False:",
        "if False:",
    ),
    Mutation(
        "conditions on two elements are joined",
        "index/conjunctions.py",
        "    if shared:\n",
        "    if False:\n",
    ),
    Mutation(
        "only the longest prefix counts",
        "index/masks.py",
        "positions[prefixes[at]] += positions[prefixes[parent]]",
        "pass",
    ),
    Mutation(
        "null is looked up as absence",
        "index/masks.py",
        "lambda values: values.absent)",
        "lambda values: values.null)",
    ),
    Mutation(
        "logic that might fail excludes a rule",
        "index/dnf.py",
        "UNKNOWN if may_fail(logic) else ",
        "",
    ),
)
