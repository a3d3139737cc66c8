"""Bugs of what is said before an exception ends."""

from tests.mutants.mutation import Mutation

_AHEAD = "aws/sweep/notices/ahead.py"
_DUE = "aws/sweep/notices/due.py"
_WALK = "aws/sweep/walk.py"
_FUNCTION = "aws/sweep/function.py"

NOTICES = (
    Mutation(
        "a finding is decided as of now, when its rule has not ended",
        _AHEAD,
        "decide(finding, entry, self.ruleset, rule.ends, self.settings)",
        "decide(finding, entry, self.ruleset, rule.ends - 1, self.settings)",
    ),
    Mutation(
        "a finding is decided as if no other rule went on",
        _AHEAD,
        "decide(finding, entry, self.ruleset, rule.ends, self.settings)",
        "decide(finding, entry, self.ruleset.without_rules(), rule.ends, self.settings)",
    ),
    Mutation(
        "a rule counts what another rule's end reopens",
        _AHEAD,
        "any(change.reopens and change.field in fields for change in then.changes)",
        "any(change.reopens for change in then.changes)",
    ),
    Mutation(
        "the severity of today is announced",
        _AHEAD,
        "severity=new.get(SEVERITY, parsed.value(SEVERITY))",
        "severity=parsed.value(SEVERITY)",
    ),
    Mutation(
        "what a rule fails on counts as nothing",
        _AHEAD,
        "bool(then.refused or then.errors or then.outdated or",
        "bool(then.refused or then.outdated or",
    ),
    Mutation(
        "archived findings count",
        _AHEAD,
        'return bool(finding.get("RecordState") == "ARCHIVED")',
        "return False",
    ),
    Mutation(
        "what the sweep hides now does not count",
        _AHEAD,
        "return _with(finding, {change.field: change.new for change in decision.changes}), decision.after",
        "return finding, entry",
    ),
    Mutation(
        "what is withheld counts as hidden",
        _AHEAD,
        "    if seen.withheld:\n        return finding, entry\n",
        "",
    ),
    Mutation(
        "an open intent counts as done",
        _AHEAD,
        "if entry.intent is not None or not entry.ended:",
        "if not entry.ended:",
    ),
    Mutation(
        "what was written a moment ago counts as it is read",
        _AHEAD,
        "return _with(finding, held), entry",
        "return finding, entry",
    ),
    Mutation(
        "a finding counts by its id and as active",
        _WALK,
        "return is_held == (self._outset.scopes[self.progress.scope] == MANAGED)",
        "return True",
    ),
    Mutation(
        "an entry that was made since the sweep began counts as read by its id",
        _WALK,
        "entry is not NO_ENTRY and not is_new and self._outset.has_read(key, entry)",
        "entry is not NO_ENTRY and self._outset.has_read(key, entry)",
    ),
    Mutation(
        "what triage has written since the sweep began does not count",
        _WALK,
        "            if look is None and ahead.concerns(entry):",
        "            if False:",
    ),
    Mutation(
        "a key of two accounts counts like any other",
        _WALK,
        "            if key in namesakes:\n                ahead.count_unknown(finding, entry, tally)\n",
        "            if key in namesakes:\n",
    ),
    Mutation(
        "a scope that begins again goes on counting",
        "aws/sweep/progress.py",
        "            self.ahead[self.scope] = EndingTally()",
        "            pass",
    ),
    Mutation(
        "what was left out before a sweep was resumed is forgotten",
        "aws/sweep/start.py",
        "left_out=progress.left_out + len(progress.skipped)",
        "left_out=0",
    ),
    Mutation(
        "a sweep that was superseded gives notices",
        _FUNCTION,
        'COMPLETE = ("done", "withheld", "skipped")',
        'COMPLETE = ("done", "withheld", "skipped", "superseded")',
    ),
    Mutation(
        "a sweep by two rule sets gives notices",
        _FUNCTION,
        "if not self._sweep.notice_days or after.counted_by != self.counts_by:",
        "if not self._sweep.notice_days:",
    ),
    Mutation(
        "a sweep that counted for other owners gives notices",
        _FUNCTION,
        'return f"{self._ruleset.hash} {self.setting_out.digest} {days}"',
        'return f"{self.setting_out.digest} {days}"',
    ),
    Mutation(
        "a sweep that counted under other settings gives notices",
        _FUNCTION,
        'return f"{self._ruleset.hash} {self.setting_out.digest} {days}"',
        'return f"{self._ruleset.hash} {days}"',
    ),
    Mutation(
        "a sweep that counted for other days gives notices",
        _FUNCTION,
        'return f"{self._ruleset.hash} {self.setting_out.digest} {days}"',
        'return f"{self._ruleset.hash} {self.setting_out.digest}"',
    ),
    Mutation(
        "a sweep that did not count from its beginning gives notices",
        "aws/sweep/progress.py",
        "is_same = self.counted_by == name or self.pages == 0",
        'is_same = self.counted_by in (name, "")',
    ),
    Mutation(
        "a message that is refused keeps all others back",
        "aws/sweep/notices/announcing.py",
        'if not error.response["Error"]["Code"].startswith(_REFUSED):\n                raise\n',
        "raise\n",
    ),
    Mutation(
        "a message that is refused counts as given",
        "aws/sweep/notices/announcing.py",
        "            return False\n",
        "            return True\n",
    ),
    Mutation(
        "owners that are not counted apart get no notice",
        "aws/sweep/notices/announcing.py",
        "_list([owner, *map(_owner_text, others)])",
        "_list([owner])",
    ),
    Mutation(
        "the one owner of a rule gets no notice if many rules end",
        _DUE,
        "    if found and OTHER_OWNERS not in found:\n",
        "    if found:\n",
    ),
    Mutation(
        "names of owners take any room",
        "aws/sweep/notices/tally.py",
        "return _size(owner) + sum(_size(name) for _rule, name in self.groups) <= MOST_OWNERS",
        "return True",
    ),
    Mutation(
        "a sweep that was resumed days later gives notices",
        _FUNCTION,
        "        if now - after.started > LONGEST_COUNT:\n            return {}\n",
        "",
    ),
    Mutation(
        "every notice of a rule is given, not the nearest alone",
        _DUE,
        "GivenNotice(rule.ends, rule.id, min(reached))",
        "GivenNotice(rule.ends, rule.id, max(reached))",
    ),
    Mutation(
        "a notice of which nothing is known is none",
        _DUE,
        "if group.findings or group.unknown}",
        "if group.findings}",
    ),
    Mutation(
        "a rule is announced although nothing reopens",
        _DUE,
        "rule.ends <= now or not (rule.id in counted or tally.uncounted)",
        "rule.ends <= now",
    ),
    Mutation(
        "a notice is noted before it is given",
        "aws/sweep/notices/announcing.py",
        "                if not self._give(notices):\n"
        "                    continue\n"
        "                known = still_of_use({*known, each}, around.now)\n"
        "                self._memory.write(known)\n",
        "                known = still_of_use({*known, each}, around.now)\n"
        "                self._memory.write(known)\n"
        "                if not self._give(notices):\n"
        "                    continue\n",
    ),
    Mutation(
        "a renewed rule counts as announced",
        "aws/sweep/notices/due.py",
        "(nearest := GivenNotice(rule.ends, rule.id, min(reached))) not in given",
        "(nearest := GivenNotice(rule.ends, rule.id, min(reached))).rule not in {it.rule for it in given}",
    ),
    Mutation(
        "accounts beyond the limit are left out in silence",
        "aws/sweep/notices/tally.py",
        "            group.more_accounts = True\n",
        "            pass\n",
    ),
    Mutation(
        "owners beyond the limit are left out in silence",
        "aws/sweep/notices/tally.py",
        "            self.uncounted += 1\n            return\n",
        "            return\n",
    ),
    Mutation(
        "what could not be read is not said",
        "aws/sweep/notices/text.py",
        'least = "At least " if notice["uncounted"] or notice["left_out"] else ""',
        'least = ""',
    ),
    Mutation(
        "a text of a rule may break lines",
        "aws/sweep/notices/text.py",
        'plain = " ".join(plain.split())',
        "plain = str(text)",
    ),
)
