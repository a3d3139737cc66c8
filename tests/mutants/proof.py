"""Bugs of proofs about rules, each of which would call something proved that is not."""

from tests.mutants.mutation import Mutation

PROOF = (
    Mutation(
        "what may fail is looked into",
        "proof/abstraction.py",
        "self._out_of_sight(logic, ()) if may_fail(logic) else self.truth(logic)",
        "self.truth(logic)",
    ),
    Mutation(
        "two parts out of sight are taken for one",
        "proof/abstraction.py",
        "hashlib.sha256(written.encode())",
        'hashlib.sha256(b"")',
    ),
    Mutation(
        "a part out of sight is the same with another directory",
        "proof/abstraction.py",
        "            written += json.dumps(self._accounts, sort_keys=True)\n",
        "            pass\n",
    ),
    Mutation(
        "the age of a default is looked into",
        "proof/abstraction.py",
        '(name == "age_days" and _has_default(arguments[0]))',
        "False",
    ),
    Mutation(
        "texts have no length",
        "proof/abstraction.py",
        "        if _is_below_a_value(names):  # texts have a length, and characters at positions\n"
        "            return None\n",
        "",
    ),
    Mutation(
        "no element is needed for a loop",
        "proof/abstraction.py",
        "        self._asked.elements[path] += 1\n        return {name: [arguments[0], body]}",
        "        return {name: [arguments[0], body]}",
    ),
    Mutation(
        "positions need no elements",
        "proof/abstraction.py",
        "self._asked.positions[path] = max(self._asked.positions[path], position + 1)",
        "self._asked.positions[path] = 0",
    ),
    Mutation(
        "loosely equal numbers are not looked for",
        "proof/abstraction.py",
        "numbers=() if other is None else (to_number(other),)",
        "numbers=()",
    ),
    Mutation(
        "absence needs no element to be broken",
        "proof/conditions.py",
        "absences[keys] = absences.get(keys, 0) + asks",
        "absences[keys] = 0",
    ),
    Mutation(
        "numbers between bounds are left out",
        "proof/domains.py",
        "sorted({*bounds, *between, *ends}",
        "sorted({*bounds, *ends}",
    ),
    Mutation(
        "a number goes with any label",
        "proof/domains.py",
        "    return label_of(value) if keys == _NUMBER else None\n",
        "    return None\n",
    ),
    Mutation(
        "optional members are always there",
        "proof/domains.py",
        "keys != _NUMBER and (not isinstance(field, AsffField) or field.optional)",
        "False",
    ),
    Mutation(
        "many words leave no other text",
        "proof/domains.py",
        "return [*possible, *(text for text in others if text is not None)]",
        "return [*possible]",
    ),
    Mutation(
        "a named moment and an age stay as they are",
        "proof/domains.py",
        "    if boundaries.ages and any(parse_timestamp(word) is not None for word in boundaries.words):\n",
        "    if False:\n",
    ),
    Mutation(
        "moments and ages of one timestamp stay in order",
        "proof/domains.py",
        "    if boundaries.moments and boundaries.ages:\n",
        "    if False:\n",
    ),
    Mutation(
        "a moment is written in one way",
        "proof/domains.py",
        "_unlike(boundaries.words, _ways_to_write(at))",
        "_unlike((), _ways_to_write(at))",
    ),
    Mutation(
        "small networks hide the one around them",
        "proof/domains.py",
        "        if covering:\n            at = max(one[1] + (1 << bits - one[2]) for one in covering)\n"
        "            continue\n",
        "        if covering:\n            return None\n",
    ),
    Mutation(
        "a text of which no pattern knows a character is left out",
        "proof/languages.py",
        "    if other is not None:\n        yield other\n",
        "",
    ),
    Mutation(
        "the Kelvin sign has no lower case",
        "proof/languages.py",
        "before = frozenset(other for one in item for other in _lowering_to().get(one, ()))",
        "before = frozenset(case for one in item for case in (one, one.upper()))",
    ),
    Mutation(
        "dots hold for line breaks",
        "proof/languages.py",
        '        if character != "\\n":\n',
        "        if True:\n",
    ),
    Mutation(
        "texts in lists are in one order",
        "proof/partial.py",
        "    ordered = min(size, positions)\n",
        "    ordered = 0\n",
    ),
    Mutation(
        "lists have one element less than matters",
        "proof/partial.py",
        "        few = min(most, MOST_ELEMENTS)\n",
        "        few = max(min(most, MOST_ELEMENTS) - 1, 1)\n",
    ),
    Mutation(
        "a search that leaves something out is a proof",
        "proof/comparison.py",
        "    if not tried and not space.gaps:\n",
        "    if not tried:\n",
    ),
    Mutation(
        "what the engine does not confirm is a proof",
        "proof/comparison.py",
        "    if not tried and not space.gaps:\n",
        "    if not space.gaps:\n",
    ),
    Mutation(
        "optional objects lack what they must have",
        "proof/partial.py",
        "        return value is not ABSENT or not _is_required(_names(place))\n",
        "        return value is ABSENT or not _is_required(_names(place))\n",
    ),
    Mutation(
        "a label goes with the number of another",
        "proof/partial.py",
        "            return bool(label_of(number) == label)\n",
        "            return bool(label_of(number) != label)\n",
    ),
    Mutation(
        "a ceiling looks at the label alone",
        "proof/rules.py",
        '    return label, provided.get("Label", label)\n',
        "    return label, label\n",
    ),
    Mutation(
        "a ceiling is never too low",
        "proof/rules.py",
        "        return not self._above[severity]\n",
        "        return False\n",
    ),
    Mutation(
        "rules whose texts overlap are apart",
        "proof/rules.py",
        "texts.isdisjoint(other._texts[source])",
        "texts != other._texts[source]",
    ),
    Mutation(
        "rules that undo what others hide are not looked at",
        "proof/changes.py",
        "        return self.meeting(other, undoing) if undoing else ()\n",
        "        return ()\n",
    ),
    Mutation(
        "a rule that was undone is unchanged",
        "proof/changes.py",
        "rule.id in changed or (before.undoing(known) and self._meets_changed(known, changed))",
        "rule.id in changed",
    ),
    Mutation(
        "terminal rules end nothing",
        "proof/changes.py",
        "        if known.rule.terminal:\n            break\n",
        "",
    ),
    Mutation(
        "a rule that only observes hides",
        "proof/changes.py",
        '        if known.rule.mode == "enforce":\n',
        "        if True:\n",
    ),
    Mutation(
        "what depends on the finding is never set",
        "authoring/policy/verify.py",
        "        varies = isinstance(never, dict) and not known.varying.isdisjoint(never)\n",
        "        varies = False\n",
    ),
    Mutation(
        "a rule that is not proved keeps the policy",
        "authoring/policy/verify.py",
        '    if proof.verdict == "undecided":\n',
        "    if False:\n",
    ),
    Mutation(
        "rules may act where `only` does not hold",
        "authoring/policy/verify.py",
        "[(known.acts, True), (speaks.conditions.holds, False)]",
        "[(known.acts, True), (speaks.conditions.holds, True)]",
    ),
)
