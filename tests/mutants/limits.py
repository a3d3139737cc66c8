"""Bugs of limits and modes, of sweeps, and of the table that holds the ledger."""

from tests.mutants.mutation import Mutation

SWITCH = (
    Mutation(
        "what waits for its answer does not count for the limit",
        "aws/switch/hide_limit.py",
        "self._limit - self._pending - self._recent()",
        "self._limit - self._recent()",
    ),
    Mutation(
        "what has been hidden is free again at once",
        "aws/switch/hide_limit.py",
        "            self._hidden.append((self._now(), hidden))",
        "            pass",
    ),
    Mutation(
        "what was taken and not hidden counts for ever",
        "aws/switch/hide_limit.py",
        "        self._pending -= taken\n",
        "        self._pending -= hidden\n",
    ),
    Mutation(
        "an update whose answer was lost hides nothing",
        "aws/triage/steps/dispatch.py",
        'receipts[case.key].status == "sent" or case.key in traffic.unknown for case',
        'receipts[case.key].status == "sent" for case',
    ),
    Mutation(
        "a parameter that cannot be read says enforce",
        "aws/switch/mode.py",
        '                raise ModeUnreadableError(f"the mode cannot be read: {error}") from error',
        '                return "enforce"',
    ),
    Mutation(
        "enforce is asked for once and then believed",
        "aws/switch/mode.py",
        "FRESH = 10.0",
        "FRESH = 1e9",
    ),
    Mutation(
        "the breaker switches from observe to reopen",
        "aws/switch/breaker.py",
        "        if mode in _STANDS:",
        '        if mode == "reopen":',
    ),
    Mutation(
        "the guard resumes what a person paused",
        "aws/switch/ledger_guard.py",
        "        if state not in STABLE or not self._is_marked():",
        "        if state not in STABLE:",
    ),
)

SWEEP = (
    Mutation(
        "a sweep hides one finding more than it may",
        "aws/sweep/walk.py",
        "limit is not None and self.progress.hidden >= limit",
        "limit is not None and self.progress.hidden > limit",
    ),
    Mutation(
        "a step that fails forgets what it has hidden",
        "aws/sweep/walk.py",
        "            hidden=ran.hidden,\n",
        "",
    ),
    Mutation(
        "a sweep that may hide no more reopens nothing either",
        "aws/sweep/walk.py",
        "look.decision is not None and look.decision.hides and self._may_hide_no_more()",
        "look.decision is not None and look.decision.update and self._may_hide_no_more()",
    ),
    Mutation(
        "a deployment reopens without asking a person",
        "aws/sweep/walk.py",
        "        if limit is None or self.progress.reopened < limit:\n            return False\n",
        "        if True:\n            return False\n",
    ),
    Mutation(
        "a sweep believes a page that may be older than our write",
        "aws/sweep/walk.py",
        '            if verdict.kind != "current":\n                return Look(key, finding, entry, None)',
        "            if False:\n                return Look(key, finding, entry, None)",
    ),
    Mutation(
        "an entry ends once its finding was not found",
        "aws/ledger/ending.py",
        "entry.gone is not None and now - entry.gone >= lag",
        "entry.gone is not None",
    ),
    Mutation(
        "an entry ends soon after a write",
        "aws/ledger/ending.py",
        "now - since >= KEPT",
        "now - since >= lag",
    ),
    Mutation(
        "an entry with claims ends although its finding is there",
        "aws/ledger/ending.py",
        "    if not gone and (entry.claims or entry.intent or entry.asked):\n        return False\n",
        "",
    ),
)

TABLE = (
    Mutation(
        "an entry is written over whatever version is there",
        "aws/ledger/writing.py",
        'WHERE "{KEY}"=? AND "{VERSION}"=?\'\n        )\n        values.append({"N": str(over)})',
        'WHERE "{KEY}"=?\'\n        )',
    ),
    Mutation(
        "a conflict counts as written",
        "aws/ledger/writing.py",
        'statement_fault(error, self._calls.table) or "conflict"',
        'statement_fault(error, self._calls.table) or "done"',
    ),
    Mutation(
        "a statement that conflicts with itself has failed",
        "aws/ledger/writing.py",
        "            elif each.key in self._unanswered:\n                self._doubtful.append(each)\n",
        "",
    ),
    Mutation(
        "a deletion without an answer is tried again",
        "aws/ledger/writing.py",
        " or (change.text is None and change.key in self._unanswered)",
        "",
    ),
    Mutation(
        "entries are read from a copy that may be late",
        "aws/ledger/reading.py",
        '        "ConsistentRead": True,\n        **projection(KEY, VERSION, ENTRY),',
        '        "ConsistentRead": False,\n        **projection(KEY, VERSION, ENTRY),',
    ),
    Mutation(
        "what the table could not give at once has no entry",
        "aws/ledger/reading.py",
        '    return {key[KEY]["S"]: waiting[key[KEY]["S"]] for key in left}',
        "    return {}",
    ),
    Mutation(
        "an error of a statement that is not known is a conflict",
        "aws/ledger/faults.py",
        "    kind = _KINDS.get(_plain(code), LedgerFaultKind.UNREACHABLE)\n",
        "    if _plain(code) not in _KINDS:\n        return None\n    kind = _KINDS[_plain(code)]\n",
    ),
    Mutation(
        "two findings share an entry if their names run together the same",
        "aws/ledger/item.py",
        'return dumps(key, separators=(",", ":"))',
        'return dumps("".join(key))',
    ),
    Mutation(
        "a version that is none is taken for the first",
        "aws/ledger/item.py",
        '        raise EntryError(f"version: {text!r} is no whole number from 1")\n',
        "        return 1\n",
    ),
)
