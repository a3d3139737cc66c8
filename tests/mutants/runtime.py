"""Bugs of batches: dating, intents, asking and reading; and of the forms in which entries are stored."""

from tests.mutants.mutation import Mutation

RUNTIME = (
    Mutation(
        "what a person set after a hand-back is asked for since triage's last write alone",
        "aws/triage/steps/asking.py",
        "(started if handed_back is None else min(started, handed_back.time)) - SKEW",
        "started - SKEW",
    ),
    Mutation(
        "an event is acted on though a reading that cannot be dated asks for something else",
        "aws/triage/steps/rereading.py",
        " or _differs(self.decider.verdict(case, found[case.key]), case.decision):",
        ":",
    ),
    Mutation(
        "the record of the update before tells that the next one happened",
        "aws/securityhub/authorship.py",
        'record.by == "triage" and record.time >= since and not _contradicts(record, written)',
        'record.by == "triage" and record.time >= since',
    ),
    Mutation(
        "what triage has hidden under a key of several accounts is left",
        "aws/triage/steps/cases.py",
        "for case in shared if not _is_hidden_by_us(case)}",
        "for case in shared}",
    ),
    Mutation(
        "no entry remembers that several accounts have its key",
        "aws/triage/steps/memory.py",
        "about=marked(about(case.shown), case.namesakes)",
        "about=about(case.shown)",
    ),
    Mutation(
        "an event from before our last write is believed",
        "aws/triage/staleness.py",
        "    if _is_superseded(snapshot, entry):\n        return SUPERSEDED\n",
        "    if _is_superseded(snapshot, entry):\n        return CURRENT\n",
    ),
    Mutation(
        "events of the time before are not awaited",
        "aws/triage/staleness.py",
        "entry.ended + (SETTLE if",
        "entry.ended + (0 if",
    ),
    Mutation(
        "readings are believed at once",
        "aws/triage/staleness.py",
        '(SETTLE if snapshot.kind == "event" else LAG)',
        '(SETTLE if snapshot.kind == "event" else 0)',
    ),
    Mutation(
        "an open intent is left alone for no time",
        "aws/triage/staleness.py",
        '        return Dating("undecidable", leased_until) if now < leased_until else UNSETTLED',
        "        return UNSETTLED",
    ),
    Mutation(
        "an open intent is left alone for ever",
        "aws/triage/staleness.py",
        '        return Dating("undecidable", leased_until) if now < leased_until else UNSETTLED',
        '        return Dating("undecidable", leased_until)',
    ),
    Mutation(
        "an open intent does not matter",
        "aws/triage/staleness.py",
        "    if entry.intent is not None:\n        leased_until",
        "    if False and entry.intent is not None:\n        leased_until",
    ),
    Mutation(
        "a finding that shows half of what we wrote is current",
        "aws/triage/staleness.py",
        "    return all(\n        stored(finding.value(name)) == value",
        "    return any(\n        stored(finding.value(name)) == value",
    ),
    Mutation(
        "nothing that we wrote last has to be seen",
        "aws/triage/staleness.py",
        "for values in (entry.written, claimed)",
        "for values in (claimed,)",
    ),
    Mutation(
        "an old intent has happened, whatever is seen",
        "aws/triage/settling.py",
        "    if entry.intent is None or not happened:",
        "    if entry.intent is None:",
    ),
    Mutation(
        "an old intent has not happened, whatever is seen",
        "aws/triage/settling.py",
        "    if entry.intent is None or not happened:",
        "    if True:",
    ),
    Mutation(
        "what is neither the old value nor the new shows that an intent happened",
        "aws/triage/settling.py",
        "not is_untouched and any(shown[name] == value for name, value in replaced.items())",
        "not is_untouched",
    ),
    Mutation(
        "one value that was written shows that an update of several happened",
        "aws/triage/settling.py",
        "    return not is_untouched and any(",
        "    return any(",
    ),
    Mutation(
        "an update that was found out about ended when it was recorded",
        "aws/triage/settling.py",
        "entry.confirmed(entry.intent.time + lease)",
        "entry.confirmed(entry.intent.time)",
    ),
    Mutation(
        "a record of an update before tells that an intent happened",
        "aws/triage/settling.py",
        "return max(intent.time - SKEW, entry.ended)",
        "return intent.time - SKEW",
    ),
    Mutation(
        "an update is sent without its intent",
        "aws/triage/steps/dispatch.py",
        "        for case, result in self.memory.record(new, self.clock.now()).items():\n"
        '            dropped[case.key] = Receipt("unsent", result.code, result.reason)\n',
        "",
    ),
    Mutation(
        "an update is sent although its intent could not be recorded",
        "aws/triage/steps/dispatch.py",
        '            dropped[case.key] = Receipt("unsent", result.code, result.reason)',
        "            del result",
    ),
    Mutation(
        "an update is sent long after its intent",
        "aws/triage/steps/dispatch.py",
        "            if case.key not in dropped and self._is_overdue(case):",
        "            if False:",
    ),
    Mutation(
        "what was sent is not confirmed",
        "aws/triage/steps/dispatch.py",
        "        self.memory.confirm(cases, self.clock.now())\n",
        "",
    ),
    Mutation(
        "an update without an answer is taken back in the ledger",
        "aws/triage/steps/dispatch.py",
        'if case.result is not None and case.result.status != "updated" and not case.is_unknown',
        'if case.result is not None and case.result.status != "updated"',
    ),
    Mutation(
        "an update that surely has not happened stays recorded",
        "aws/triage/steps/dispatch.py",
        "        self.memory.abandon(undone)\n",
        "",
    ),
    Mutation(
        "a container hides beyond its limit",
        "aws/triage/steps/dispatch.py",
        "            forbidden = counted[allowed:]",
        "            forbidden = []",
    ),
    Mutation(
        "what is switched off in the middle of a batch is hidden",
        "aws/triage/steps/dispatch.py",
        "        if not self.may_hide():",
        "        if False:",
    ),
    Mutation(
        "two containers write one entry",
        "aws/triage/steps/memory.py",
        "        conflicts = {by_key[key]: CONFLICTING for key in written.conflicts}",
        "        conflicts: dict[Case, Result] = {}",
    ),
    Mutation(
        "a table that cannot be read is taken for an empty one",
        "aws/triage/steps/memory.py",
        "        return {by_key[key]: _failed(LEDGER_UNREADABLE, fault) for key, fault in"
        " recall.unread.items()}",
        "        return {}",
    ),
    Mutation(
        "what is learned without an update is forgotten",
        "aws/triage/steps/memory.py",
        "            if decision is not None and (case.changes_memory or case.intent is not None):",
        "            if decision is not None and case.intent is not None:",
    ),
    Mutation(
        "an abandoned intent leaves its claims",
        "aws/triage/steps/memory.py",
        "        self._close({case: case.entry for case in cases if case.intent is not None})",
        "        self._close({case: replace(case.entry, intent=case.intent).confirmed(0.0)"
        " for case in cases if case.intent})",
    ),
    Mutation(
        "an event is believed however old it is",
        "aws/triage/steps/looking.py",
        "        return not -SKEW <= self.cases.now - event_at <= self.policy.refresh_age",
        "        return False",
    ),
    Mutation(
        "an event that comes again is believed",
        "aws/triage/steps/looking.py",
        "        if case.receives > 1 or event_at is None:",
        "        if event_at is None:",
    ),
    Mutation(
        "of two events of one second the first is believed",
        "aws/triage/steps/looking.py",
        '        if case.dated.kind != "current" or case.seen.others:',
        '        if case.dated.kind != "current":',
    ),
    Mutation(
        "what becomes a person's is not worth a reading",
        "aws/triage/steps/looking.py",
        "            or decision.after.claims != case.entry.claims\n",
        "",
    ),
    Mutation(
        "what waits for its call is sent however old it is",
        "aws/triage/steps/looking.py",
        "        if case.have_read_at is not None:\n"
        "            return self.clock.now() - case.have_read_at >"
        " max(self.policy.refresh_age, LEAST_AGE)\n",
        "        if case.have_read_at is not None:\n            return False\n",
    ),
    Mutation(
        "a reading from before our update is believed",
        "aws/triage/steps/rereading.py",
        '        if dated.kind == "current":\n            case.found = found',
        "        if True:\n            case.found = found",
    ),
    Mutation(
        "an event and a reading that differ are not told apart",
        "aws/triage/steps/rereading.py",
        "        for case, earlier in before.items():\n            if case.receives > 1",
        "        for case, earlier in before.items():\n            if True or case.receives > 1",
    ),
    Mutation(
        "a claim becomes a person's without a question",
        "aws/triage/steps/asking.py",
        "        while case.decision is not None and case.decision.questions:",
        "        while False:",
    ),
    Mutation(
        "a record that is not there yet is not awaited",
        "aws/triage/steps/asking.py",
        "        if decision.unrecorded and case.receives < RECORD_AWAITED:",
        "        if False:",
    ),
    Mutation(
        "a finding older than our own write is not awaited",
        "aws/triage/steps/asking.py",
        "        if decision.outdated and case.receives < WRITE_AWAITED:",
        "        if False and case.receives < WRITE_AWAITED:",
    ),
    Mutation(
        "no one is asked who hid what no entry explains",
        "aws/triage/steps/asking.py",
        "            if case not in waiting and case.decision is not None and"
        " case.decision.optional_questions:",
        "            if False:",
    ),
    Mutation(
        "a history that cannot be read tells nothing",
        "aws/triage/steps/asking.py",
        "            if fault is not None:\n"
        '                return Result("failed", fault.code, fault.message)\n',
        "            if fault is not None:\n                return None\n",
    ),
    Mutation(
        "another stack's updates are ours",
        "aws/securityhub/authorship.py",
        "    is_ours = role in roles or 0",
        "    is_ours = bool(role) or 0",
    ),
    Mutation(
        "our own session is a stranger",
        "aws/securityhub/authorship.py",
        '    role = role_of(identity) if isinstance(identity, str) else ""',
        '    role = identity if isinstance(identity, str) else ""',
    ),
    Mutation(
        "a role that was ours once is ours for ever",
        "aws/securityhub/authorship.py",
        "or 0 < time <= until.get(role, 0.0)",
        "or role in until",
    ),
    Mutation(
        "what a role did that was ours then is a stranger's",
        "aws/securityhub/authorship.py",
        "role in roles or 0 < time <= until.get(role, 0.0)",
        "role in roles",
    ),
    Mutation(
        "in observe something is written",
        "aws/triage/batch.py",
        '        if mode == "observe":\n            batch.observe()',
        "        if False:\n            batch.observe()",
    ),
    Mutation(
        "in reopen rules hide",
        "aws/triage/batch.py",
        'now, mode != "reopen")',
        "now, True)",
    ),
    Mutation(
        "an order that is not one takes everything back",
        "aws/triage/events.py",
        'sweep.get("take_back") is True',
        'bool(sweep.get("take_back"))',
    ),
    Mutation(
        "what a sweep says in other words is taken for counted",
        "aws/triage/events.py",
        'sweep.get("hides") is True',
        'bool(sweep.get("hides"))',
    ),
    Mutation(
        "the finding of another account is updated under its key",
        "aws/triage/steps/cases.py",
        "for key, some in known.items() if len(some) > 1}",
        "for key, some in known.items() if len(some) > 2}",
    ),
    Mutation(
        "what is hidden above every ceiling waits as long as anything",
        "aws/triage/urgency.py",
        "    return is_above(ceiling, finding) and is_hidden(finding, entry)",
        "    return False",
    ),
    Mutation(
        "the claims of an open intent do not hide",
        "aws/triage/urgency.py",
        "*([entry.intent.claims] if entry.intent else ())",
        "*()",
    ),
)

FORMS = (
    Mutation(
        "a digest is of the first 40 characters",
        "engine/planning/entry.py",
        'hashed = sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]',
        'hashed = sha256(text[:40].encode("utf-8", "surrogatepass")).digest()[:16]',
    ),
    Mutation(
        "a digest has 8 bits",
        "engine/planning/entry.py",
        ".digest()[:16]",
        ".digest()[:1]",
    ),
    Mutation(
        "a text that looks like a digest passes for one",
        "engine/planning/entry.py",
        " and not value.startswith(_DIGEST)",
        "",
    ),
    Mutation(
        "lists are stored with their order",
        "engine/planning/entry.py",
        "dumps(sorted(set(value)) if isinstance(value, tuple) else value)",
        "dumps(list(value) if isinstance(value, tuple) else value)",
    ),
    Mutation(
        "a person's claim is read as ours",
        "aws/ledger/entry_format.py",
        '        person="person" in members and yes(members["person"], f"{where}.person"),',
        "        person=False,",
    ),
    Mutation(
        "an entry of another format is guessed at",
        "aws/ledger/entry_format.py",
        "FORMAT = 1",
        "FORMAT = 2",
    ),
)
