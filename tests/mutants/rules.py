"""Bugs of rules, of what they want together, of limits, and of the index."""

from tests.mutants.mutation import Mutation

RULES = (
    Mutation(
        "a rule on hold keeps hidden what is above its ceiling",
        "engine/planning/fold.py",
        "if rule.is_above_ceiling(base) or _keeps_hidden_above(rule, base, claims):",
        "if rule.is_above_ceiling(base):",
    ),
    Mutation(
        "a rule opens what the service has resolved",
        "engine/planning/fold.py",
        "    _leave_what_passed(base, result)\n",
        "",
    ),
    Mutation(
        "rules see our own output instead of the baseline",
        "engine/planning/plan.py",
        "        base = baseline(parsed, reviewed.claims)",
        "        base = parsed",
    ),
    Mutation(
        "a repaired exception comes back as NEW",
        "engine/fields.py",
        '        return True, "RESOLVED" if has_passed(finding.raw) else "NEW"',
        '        return True, "NEW"',
    ),
    Mutation(
        "what passed and is NEW is a person's",
        "engine/fields.py",
        "        return same(name, value, theirs) or (name == WORKFLOW and value == FIELDS[name].default)",
        "        return same(name, value, theirs)",
    ),
    Mutation(
        "what is written in our name on a finding is ours",
        "engine/fields.py",
        "    known, theirs = untouched(finding, name)\n    if known:",
        "    known, theirs = untouched(finding, name)\n"
        '    if name == NOTE and str(member(finding.raw.get("Note"),'
        ' "UpdatedBy")).startswith(OUR_AUTHOR):\n'
        "        return True\n"
        "    if known:",
    ),
    Mutation(
        "the ceiling is one too high",
        "engine/ruleset/ruleset.py",
        "LABEL_RANK[label] > LABEL_RANK[ceiling]",
        "LABEL_RANK[label] > LABEL_RANK[ceiling] + 1",
    ),
    Mutation(
        "a rule without a ceiling may hide HIGH",
        "engine/ruleset/ruleset.py",
        'DEFAULT_CEILING: Final = "MEDIUM"',
        'DEFAULT_CEILING: Final = "HIGH"',
    ),
    Mutation(
        "the ceiling is held against what a person says alone",
        "engine/ruleset/ruleset.py",
        "    provided: str | None = baseline.provider_value(SEVERITY)[1]",
        "    provided: str | None = None",
    ),
    Mutation(
        "the ceiling is held against what the provider says alone",
        "engine/ruleset/ruleset.py",
        "    said: str | None = baseline.value(SEVERITY)",
        "    said: str | None = baseline.provider_value(SEVERITY)[1] or baseline.value(SEVERITY)",
    ),
    Mutation(
        "lowering the severity is not hiding",
        "engine/ruleset/hiding.py",
        "    return name == SEVERITY and lowers(value, finding)",
        "    return False",
    ),
    Mutation(
        "a rule does not end",
        "engine/ruleset/ruleset.py",
        "(self.ends is not None and self.ends <= now)",
        "False",
    ),
    Mutation(
        "a rule starts at once",
        "engine/ruleset/ruleset.py",
        "(self.starts is not None and now < self.starts)",
        "False",
    ),
    Mutation(
        "a ceiling counts of a rule that only observes",
        "engine/ruleset/ruleset.py",
        'rule for rule in rules if rule.mode != "observe"',
        "rule for rule in rules",
    ),
    Mutation(
        "a ceiling counts of a rule that is not in force",
        "engine/ruleset/ruleset.py",
        "for rule in self.may_hide if rule.in_force(now)",
        "for rule in self.may_hide",
    ),
    Mutation(
        "a rule that fails stays in force above its ceiling",
        "engine/planning/fold.py",
        "if rule.is_above_ceiling(base) or _keeps_hidden_above(rule, base, claims):",
        "if rule.id not in errors"
        " and (rule.is_above_ceiling(base) or _keeps_hidden_above(rule, base, claims)):",
    ),
    Mutation(
        "what a rule on hold did is not held against its ceiling",
        "engine/planning/fold.py",
        "if rule.is_above_ceiling(base) or _keeps_hidden_above(rule, base, claims):",
        "if rule.is_above_ceiling(base):",
    ),
    Mutation(
        "the earlier rule wins",
        "engine/planning/fold.py",
        "        result.proposals[proposal.field] = (rule, proposal)",
        "        result.proposals.setdefault(proposal.field, (rule, proposal))",
    ),
    Mutation(
        "terminal does not stop",
        "engine/planning/fold.py",
        "        if rule.terminal and enforced:\n            break",
        "        if False:\n            break",
    ),
    Mutation(
        "a terminal rule in observe stops",
        "engine/planning/fold.py",
        "        if rule.terminal and enforced:\n            break",
        "        if rule.terminal:\n            break",
    ),
    Mutation(
        "a terminal rule that failed lets later rules hide",
        "engine/planning/fold.py",
        "        if in_doubt and enforced:",
        "        if False:",
    ),
    Mutation(
        "a rule in observe announces what it would leave to a person",
        "engine/planning/plan.py",
        "            and resolver.would_have(rule, proposal)\n",
        "",
    ),
    Mutation(
        "a failed rule in observe freezes those in force",
        "engine/planning/fold.py",
        "result.frozen.update(rule.proposals.fields if enforced else ())",
        "result.frozen.update(rule.proposals.fields)",
    ),
    Mutation(
        "a failed rule freezes nothing",
        "engine/planning/fold.py",
        "result.frozen.update(rule.proposals.fields if enforced else ())",
        "result.frozen.update(())",
    ),
    Mutation(
        "a rule in observe acts",
        "engine/planning/fold.py",
        '"observe": _observe}',
        '"observe": _enforce}',
    ),
    Mutation(
        "a rule on hold does new things",
        "engine/planning/fold.py",
        '"hold": _hold,',
        '"hold": _enforce,',
    ),
    Mutation(
        "a rule on hold keeps what another had set",
        "engine/planning/fold.py",
        "        if claim.rule != rule.id:\n            continue\n",
        "",
    ),
    Mutation(
        "a rule on hold keeps what a later rule wants otherwise",
        "engine/planning/fold.py",
        "        result.proposals[proposal.field] = (rule, proposal)\n"
        "        result.held.discard(proposal.field)",
        "        result.proposals[proposal.field] = (rule, proposal)",
    ),
    Mutation(
        "a rule hides in the mode in which nothing new is hidden",
        "engine/planning/doubt.py",
        "not self.may_hide and rule.hides(self.base)",
        "False",
    ),
    Mutation(
        "a failed rule keeps hidden what is above every ceiling",
        "engine/planning/doubt.py",
        "        return all(is_above(ceiling, self.base) for ceiling in ceilings)",
        "        return False",
    ),
    Mutation(
        "a failed rule that could hide as much keeps nothing hidden",
        "engine/planning/doubt.py",
        "        hiding = [rule for rule in self.folded.reached if self._could_hide(rule, name, claim)]",
        "        hiding: list[Rule] = []",
    ),
    Mutation(
        "a severity in never is written",
        "engine/planning/doubt.py",
        "if name in self.never and name != WORKFLOW:",
        "if False:",
    ),
    Mutation(
        "a status in never stays closed",
        "engine/planning/doubt.py",
        "if name in self.never and name != WORKFLOW:",
        "if name in self.never:",
    ),
    Mutation(
        "what is never written is written",
        "engine/planning/doubt.py",
        "        if name in self.never:\n            return NEVER_WRITTEN\n",
        "",
    ),
    Mutation(
        "sets of the day before count",
        "engine/planning/plan.py",
        "if now - DAY < time",
        "if now - 2 * DAY < time",
    ),
    Mutation(
        "sets are not remembered",
        "engine/planning/plan.py",
        "sets={**_kept_sets(recent), **sets}",
        "sets=_kept_sets(recent)",
    ),
    Mutation(
        "only the first change is looked at to see whether it hides",
        "engine/planning/plan.py",
        "hides=any(_hides(change, base) for change in changes)",
        "hides=any(_hides(change, base) for change in changes[:1])",
    ),
    Mutation(
        "what an override showed to rules goes on after its end",
        "engine/planning/plan.py",
        "        if not not_given_back:\n            break\n",
        "        break\n",
    ),
    Mutation(
        "every hiding value is asked about",
        "engine/planning/plan.py",
        "    if not unknown or is_above(ruleset.highest_ceiling(now), base):",
        "    if True:",
    ),
    Mutation(
        "a finding above every ceiling is asked about only if a rule wants it",
        "engine/planning/plan.py",
        "    if not unknown or is_above(ruleset.highest_ceiling(now), base):",
        "    if not unknown:",
    ),
    Mutation(
        "what a finding older than our write shows is remembered",
        "engine/planning/plan.py",
        "    if reviewed.outdated:\n        return entry\n    if planned",
        "    if planned",
    ),
    Mutation(
        "where there is no room for what is new nothing is taken back",
        "engine/planning/limits.py",
        "    for smaller in _giving_way(resolver, folded, whole):",
        "    for smaller in ():",
    ),
    Mutation(
        "the last key of a map is left out with it",
        "engine/planning/limits.py",
        "        del update[USER_FIELDS]",
        "        pass",
    ),
    Mutation(
        "a key that could not be left out is never asked for again",
        "engine/planning/limits.py",
        "replace(outcome.claim, left_out=False)",
        "outcome.claim",
    ),
    Mutation(
        "50 pairs are counted without those of others",
        "engine/planning/payload.py",
        "    after = _fields_after(payload, finding, udf)\n    if len(after)",
        "    after = payload[USER_FIELDS]\n    if len(after)",
    ),
    Mutation(
        "51 pairs fit",
        "engine/planning/payload.py",
        "MOST_USER_FIELDS = 50",
        "MOST_USER_FIELDS = 51",
    ),
    Mutation(
        "keys of other tools are lost",
        "engine/planning/payload.py",
        "{k: v for k, v in finding.user_fields().items() if k not in keys}",
        "{}",
    ),
    Mutation(
        "keys of others that begin as ours once did are dropped",
        "engine/planning/payload.py",
        "if k not in keys}",
        'if k not in keys and not k.startswith("hubtriage/")}',
    ),
    Mutation(
        "AtMost is taken for AtLeast",
        "engine/ruleset/update.py",
        'most, least = raw.get("AtMost"), raw.get("AtLeast")',
        'least, most = raw.get("AtMost"), raw.get("AtLeast")',
    ),
    Mutation(
        "AtLeast says nothing where the severity is high enough",
        "engine/ruleset/update.py",
        "        return Proposal(SEVERITY, SEVERITIES[rank]",
        "        if SEVERITIES[rank] == label:\n"
        "            return None\n"
        "        return Proposal(SEVERITY, SEVERITIES[rank]",
    ),
    Mutation(
        "types to remove stay",
        "engine/ruleset/update.py",
        "if item not in removed]",
        "]",
    ),
    Mutation(
        "types to add are instead of those that are there",
        "engine/ruleset/update.py",
        "dict.fromkeys([*kept, *added])",
        "dict.fromkeys(added or kept)",
    ),
    Mutation(
        "a normalized severity of 70 is MEDIUM",
        "engine/fields.py",
        '(70, "HIGH")',
        '(71, "HIGH")',
    ),
    Mutation(
        "types in another order are other types",
        "engine/fields.py",
        "        return set(one or ()) == set(other or ())",
        "        return bool(one == other)",
    ),
    Mutation(
        "types that repeat are other types",
        "engine/fields.py",
        "        return set(one or ()) == set(other or ())",
        "        return sorted(one or ()) == sorted(other or ())",
    ),
    Mutation(
        "what a rule says of itself is left open",
        "engine/ruleset/templates.py",
        "_constant(_scalar(rule.get(path)))",
        "_constant(MISSING)",
    ),
    Mutation(
        "a text by account is made once for all findings",
        "engine/ruleset/templates.py",
        'return any(found[1] == "finding" or is_per_account(found, rule) for',
        'return any(found[1] == "finding" for',
    ),
    Mutation(
        "the owner of an unknown account is that of another",
        "engine/ruleset/owner.py",
        "accounts.get(account, {}).get(name)",
        "accounts.get(account, next(iter(accounts.values()), {})).get(name)",
    ),
    Mutation(
        "a text by account may have line breaks",
        "engine/ruleset/templates.py",
        "lambda finding: _on_one_line(attribute_of(finding, accounts, path))",
        "lambda finding: _scalar(attribute_of(finding, accounts, path))",
    ),
    Mutation(
        "a text is cut one character late",
        "engine/ruleset/templates.py",
        "text if len(text) <= limit else text[: limit - 1]",
        "text if len(text) <= limit else text[:limit]",
    ),
)

INDEX = (
    Mutation(
        "absence in one element of a list is taken for absence in all",
        "engine/index/rule_index.py",
        "return not (values.absent or values.null) or isinstance(source, str) or not lists_on(source)",
        "return True",
    ),
    Mutation(
        "true is looked up as 1",
        "engine/index/masks.py",
        "if value is True or value is False:",
        "if False:",
    ),
    Mutation(
        "conditions on two elements are joined",
        "engine/index/conjunctions.py",
        "    if shared:\n",
        "    if False:\n",
    ),
    Mutation(
        "only the longest prefix counts",
        "engine/index/masks.py",
        "positions[prefixes[at]] += positions[prefixes[parent]]",
        "pass",
    ),
    Mutation(
        "null is looked up as absence",
        "engine/index/masks.py",
        "lambda values: values.absent)",
        "lambda values: values.null)",
    ),
    Mutation(
        "logic that might fail excludes a rule",
        "engine/index/dnf.py",
        "UNKNOWN if may_fail(logic) else ",
        "",
    ),
)

ON_V2 = (
    Mutation(
        "a severity that is not known may be hidden",
        "engine/fields.py",
        "LABEL_RANK = SEVERITY_RANK | {UNRANKED: len(SEVERITIES)}",
        "LABEL_RANK = SEVERITY_RANK | {UNRANKED: 0}",
    ),
    Mutation(
        "a negation of what V2 does not show holds there",
        "engine/ocsf/blind.py",
        "return _negated(self._opposite._when(arguments[0], scope))",
        "return _negated(self._when(arguments[0], scope))",
    ),
    Mutation(
        "what a calculated object has is taken for seen on V2",
        "engine/ocsf/blind.py",
        "        one is None or _names(one) in _OUTER\n",
        "        one is None\n",
    ),
    Mutation(
        "a branch that V2 does not show holds there by what it does show",
        "engine/ocsf/blind.py",
        "            if self.surely and blind:\n                continue\n",
        "",
    ),
    Mutation(
        "a tag that may be there is taken for absent beside what V2 does not show",
        "engine/ocsf/blind.py",
        "            left = [leaf for leaf in seen if not _depends_on(leaf, blind)]\n",
        "            left = seen\n",
    ),
    Mutation(
        "what V2 shows on some findings counts as absent on the others",
        "engine/ocsf/blind.py",
        "    return frozenset(name for name in SOMETIMES if name not in finding)",
        "    return NOTHING",
    ),
    Mutation(
        "a terminal rule that V2 does not show lets the rules after it hide",
        "engine/planning/fold.py",
        "    if rule.terminal:\n        is_forbidden",
        "    if False:\n        is_forbidden",
    ),
    Mutation(
        "what a terminal rule on V2 would lower a little is lowered more behind it",
        "engine/planning/fold.py",
        "        return name == WORKFLOW or LABEL_RANK[same[1].value] <= LABEL_RANK[value]",
        "        return True",
    ),
    Mutation(
        "what a terminal rule on V2 would leave to a person is overridden behind it",
        "engine/planning/fold.py",
        "        if same is None or (rule.override and not same[0].override):",
        "        if same is None:",
    ),
    Mutation(
        "what a later rule on V2 would leave to a person is overridden before it",
        "engine/planning/fold.py",
        "    if earlier.override and not rule.override:\n        return True\n",
        "",
    ),
    Mutation(
        "a rule hides what a later rule may open that V2 does not show",
        "engine/planning/fold.py",
        "        if earlier and hidden and _may_open(rule, proposal, earlier, hidden, base):",
        "        if False:",
    ),
    Mutation(
        "what V2 cannot set is sent to it",
        "engine/planning/plan.py",
        "    left_out = {**left_out, **_not_in_v2(ruleset, entry.claims)} if parsed.is_v2 else left_out\n",
        "",
    ),
    Mutation(
        "a severity that is taken back becomes the nearest that a rule could set",
        "engine/ocsf/update.py",
        '        return vendors if vendors in _SETTABLE else SEVERITY_IDS.get(label or "", _UNKNOWN)',
        '        return SEVERITY_IDS.get(label or "", _UNKNOWN)',
    ),
    Mutation(
        "rules see what names a finding in V2",
        "engine/fields.py",
        "for name, value in finding.items() if name != OCSF}",
        "for name, value in finding.items()}",
    ),
    Mutation(
        "a status that no rule sets is NEW",
        "engine/ocsf/view.py",
        '_word_of("status_id", STATUSES, "NEW")',
        '_word_of("status_id", {1: "NEW", 2: "NOTIFIED", 3: "SUPPRESSED", 4: "RESOLVED"}, "NEW")',
    ),
)
WINDOWS = (
    Mutation(
        "a rule is in force outside its windows",
        "engine/ruleset/ruleset.py",
        "        return not self.during or any(window.is_open(now) for window in self.during)",
        "        return True",
    ),
    Mutation(
        "a window ends at midnight",
        "engine/ruleset/windows.py",
        "        return begins_today or ((weekday - 1) % 7 in self.days and second < self.end)",
        "        return begins_today",
    ),
    Mutation(
        "a window is open at its end",
        "engine/ruleset/windows.py",
        "self.start <= second < self.end",
        "self.start <= second <= self.end",
    ),
    Mutation(
        "a window is open where its zone is not known",
        "engine/ruleset/windows.py",
        "        if offset is None:\n            return False\n",
        "        if offset is None:\n            return True\n",
    ),
)
