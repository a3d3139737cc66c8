"""Bugs of announcing: news that are lost, come too early or again, and tickets that are forgotten."""

from tests.mutants.mutation import Mutation

_NEWS = "engine/planning/news.py"
_PLAN = "engine/planning/plan.py"
_TELLING = "engine/planning/telling.py"
_ENTRY = "engine/planning/entry.py"
_STEP = "aws/triage/steps/telling.py"
_MEMORY = "aws/triage/steps/memory.py"
_FAREWELLS = "aws/decision_events/farewells.py"

ANNOUNCING = (
    Mutation(
        "a bug in announcing is reported by no one",
        _PLAN,
        "        return replace(decision, errors=(*decision.errors, failed))\n",
        "        return decision\n",
    ),
    Mutation(
        "a bug in announcing keeps an update back",
        _PLAN,
        "        return teller.told(decision)\n    except Exception as error:",
        "        return teller.told(decision)\n    except ZeroDivisionError as error:",
    ),
    Mutation(
        "what was confirmed is not announced",
        _ENTRY,
        "        done = self if self.intent.news is None else self.telling(self.intent.news)\n",
        "        done = self\n",
    ),
    Mutation(
        "an intent forgets what is to be announced",
        _MEMORY,
        "case.entry.intending(decision.after, written, was, now, decision.news)",
        "case.entry.intending(decision.after, written, was, now)",
    ),
    Mutation(
        "what is news without an update is not written down",
        _ENTRY,
        "        return (self.claims, self.asked, self.told) != (other.claims, other.asked, other.told)",
        "        return (self.claims, self.asked) != (other.claims, other.asked)",
    ),
    Mutation(
        "what is kept in mind forgets its news",
        _ENTRY,
        "            gone=None,\n            news=after.news,\n",
        "            gone=None,\n",
    ),
    Mutation(
        "an update is announced that the ledger does not know to have happened",
        _STEP,
        "        if case.entry.intent is None and case.intent is None and self._is_ours(case):",
        "        if self._is_ours(case):",
    ),
    Mutation(
        "what could not be put counts as announced",
        _STEP,
        "            if place not in not_put and letter.refused is None:",
        "            if letter.refused is None:",
    ),
    Mutation(
        "a message does not come again whose event could not be put",
        _STEP,
        "        self.cases.fail_after_all(results)\n",
        "",
    ),
    Mutation(
        "a message does not come again whose update could not be confirmed",
        _STEP,
        "        results |= {case: _UNCONFIRMED for case in self.cases if _is_unconfirmed(case)}\n",
        "",
    ),
    Mutation(
        "what was put is put again and again",
        _STEP,
        "            self._forget(not_put)\n",
        "",
    ),
    Mutation(
        "what another container writes just now is put by this one too",
        _STEP,
        "        return self.cases.now - case.entry.news[0].at >= self.policy.lease",
        "        return True",
    ),
    Mutation(
        "what another container has left is never put",
        _STEP,
        "        return self.cases.now - case.entry.news[0].at >= self.policy.lease",
        "        return False",
    ),
    Mutation(
        "a message that comes again does not put what its container left",
        _STEP,
        "        if case.is_noted or any(message.receives > 1 for message in case.seen.messages):",
        "        if case.is_noted:",
    ),
    Mutation(
        "what is refused is not announced",
        _STEP,
        '    return result.status == "refused" or (result.final and case.decision is not None)',
        "    return result.final and case.decision is not None",
    ),
    Mutation(
        "what the service refuses for good is not announced",
        _STEP,
        '    return result.status == "refused" or (result.final and case.decision is not None)',
        '    return result.status == "refused"',
    ),
    Mutation(
        "a batch announces in observe",
        "aws/triage/batch.py",
        '        if mode == "observe":\n            batch.observe()\n',
        '        if mode == "observe":\n            batch.observe()\n            batch.tell()\n',
    ),
    Mutation(
        "an old state is announced as if it were the present one",
        "aws/triage/steps/looking.py",
        "            or decision.news is not None\n",
        "",
    ),
    Mutation(
        "two states that differ only for a ticket count as one",
        "aws/triage/steps/rereading.py",
        "    if verdict.after.open_tickets != decision.after.open_tickets:\n        return True\n",
        "",
    ),
    Mutation(
        "a status that the service resets is news each time",
        _TELLING,
        "if not self._is_repeated(change, decision))",
        "if True)",
    ),
    Mutation(
        "that a finding is hidden again is no news",
        _TELLING,
        "        return is_same and not before.person and not is_hiding(change.field, change.new, self.base)",
        "        return is_same and not before.person",
    ),
    Mutation(
        "a value that is set for another rule is no news",
        _TELLING,
        "(before.value, before.rule) == (after.value, after.rule)",
        "before.value == after.value",
    ),
    Mutation(
        "a person's decision that is overridden again is no news",
        _TELLING,
        "change.field in (*decision.overruled, *decision.handed_back):",
        "change.field in decision.handed_back:",
    ),
    Mutation(
        "that a person took a field over is no news",
        _TELLING,
        "        if not (changes or decision.overruled or tickets):",
        "        if not (changes or tickets):",
    ),
    Mutation(
        "a finding that is closed keeps its ticket",
        _TELLING,
        "            if ticket.is_open and (done or not self._is_left_alone(rule)):",
        "            if ticket.is_open and not done and not self._is_left_alone(rule):",
    ),
    Mutation(
        "a rule that failed is done with its ticket",
        _TELLING,
        " or any(error.rule == rule for error in self.folded.errors)",
        "",
    ),
    Mutation(
        "a rule on hold is done with its ticket",
        _TELLING,
        '        if known is not None and known.mode == "hold" and rule in self.folded.rules:',
        "        if False:",
    ),
    Mutation(
        "a rule on hold asks for tickets",
        _TELLING,
        '            if rule.deliveries and rule.mode == "enforce" and name not in forbidden:',
        "            if rule.deliveries and name not in forbidden:",
    ),
    Mutation(
        "a rule asks for tickets against the policy",
        _TELLING,
        '            if rule.deliveries and rule.mode == "enforce" and name not in forbidden:',
        '            if rule.deliveries and rule.mode == "enforce":',
    ),
    Mutation(
        "a closed finding gets a ticket",
        _TELLING,
        "        wanted = {} if done else {rule.id: self._ticket(rule) for rule in applying}",
        "        wanted = {rule.id: self._ticket(rule) for rule in applying}",
    ),
    Mutation(
        "a finding that comes back gets no ticket",
        _TELLING,
        "            if place is not None and (rule not in reported or not reported[rule].is_open):",
        "            if place is not None and rule not in reported:",
    ),
    Mutation(
        "a finding is open before its update has opened it",
        _TELLING,
        "        status = new[0] if new else self.parsed.value(WORKFLOW)",
        "        status = self.parsed.value(WORKFLOW)",
    ),
    Mutation(
        "a finding that passed needs its ticket",
        _TELLING,
        '        if has_passed(self.parsed.raw):\n            return "passed"\n',
        "",
    ),
    Mutation(
        "a finding that moves to another ticket stays in the first one too",
        _TELLING,
        '    yield Delivered(ticket.to, "ticket", rule, ticket.group, ticket.per, "done", why)\n',
        "",
    ),
    Mutation(
        "an escalation is called a reopening",
        _TELLING,
        "        if change.cause in _ESCALATIONS:",
        "        if False:",
    ),
    Mutation(
        "sequences follow the clock alone",
        _NEWS,
        "    return max(told + 1, int(now * 1000))",
        "    return int(now * 1000)",
    ),
    Mutation(
        "sequences begin from the start when an entry was lost",
        _NEWS,
        "    return max(told + 1, int(now * 1000))",
        "    return told + 1",
    ),
    Mutation(
        "news may fill an entry until it cannot be written",
        _NEWS,
        "    while len(together) > 1 and sum(sizes) > MOST_BYTES:",
        "    while False:",
    ),
    Mutation(
        "news give way as they are, although they could be shorter",
        _NEWS,
        "            together[place] = older.short()",
        "            together[place] = older",
    ),
    Mutation(
        "news that give way take with them what they say of tickets",
        _NEWS,
        "        together[0] = together[0].taking_over(oldest)\n",
        "",
    ),
    Mutation(
        "what a ticket was told before comes after what it is told now",
        _NEWS,
        " and each.ticket not in said]",
        "]",
    ),
    Mutation(
        "an event does not say that its changes are cut",
        _TELLING,
        "            is_cut=len(fitting) < len(changes),\n",
        "",
    ),
    Mutation(
        "news that an entry has no room for are lost without a word",
        _MEMORY,
        "            self.given_way += _given_way(case.entry, entries[case])\n",
        "",
    ),
    Mutation(
        "rules that only have a ticket are not found by their entries",
        _ENTRY,
        "names.union(self._with_tickets())",
        "names",
    ),
    Mutation(
        "a sweep leaves what was not announced",
        "aws/sweep/walk.py",
        "        is_noted = is_noted or (bool(entry.news) and self._walk.outbox is not None)\n",
        "",
    ),
    Mutation(
        "an entry ends before its tickets know",
        "aws/ledger/ending.py",
        "    if entry.news or entry.open_tickets:\n        return False\n",
        "",
    ),
    Mutation(
        "a finding that was not found once is gone for its ticket",
        _FAREWELLS,
        "            if entry.gone is None or now - entry.gone < LAG or _is_in_flight(entry, now):\n",
        "            if _is_in_flight(entry, now):\n",
    ),
    Mutation(
        "what is gone is announced although another worker has its entry",
        _FAREWELLS,
        "{key: replace(changed[key], version=version) for key, version in written.items()}",
        "dict(changed)",
    ),
    Mutation(
        "a ticket stays open whose finding is gone while an update of it was sent",
        _FAREWELLS,
        "            if not _is_in_flight(entry, now)\n",
        "            if entry.intent is None\n",
    ),
    Mutation(
        "a farewell comes into the middle of an update",
        _FAREWELLS,
        " and now - entry.intent.time < LONGEST_LEASE",
        " and False",
    ),
    Mutation(
        "farewells that the bus did not take count as said",
        _FAREWELLS,
        "            if place not in not_put:\n",
        "            if True:\n",
    ),
)
