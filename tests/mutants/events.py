"""Bugs of decision events: what is put, how often, and under which id."""

from tests.mutants.mutation import Mutation

_BUS = "aws/decision_events/bus.py"
_EVENT = "aws/decision_events/event.py"
_DIGEST = "aws/decision_events/digest.py"
_CUTTING = "aws/decision_events/cutting.py"
_TEXTS = "aws/decision_events/texts.py"
_SWEEP = "aws/sweep/function.py"
_NOTICES = "aws/sweep/notices/as_events.py"
_BREAKER = "aws/switch/breaker.py"
_RESOURCE = "aws/switch/resource.py"

EVENTS = (
    Mutation(
        "an event without an answer counts as put",
        _BUS,
        'if not entry.get("EventId"):',
        'if entry.get("ErrorCode"):',
    ),
    Mutation(
        "answers for fewer events are taken for the first of them",
        _BUS,
        "is_whole = len(entries) == len(events)",
        "is_whole = len(entries) >= 0",
    ),
    Mutation(
        "all events of a call are sent again",
        _BUS,
        "waiting = [event for event in waiting if event.id in failed and not failed[event.id].is_final]",
        "waiting = [event for event in waiting if failed and not any(f.is_final for f in failed.values())]",
    ),
    Mutation(
        "what can never be put is sent again",
        _BUS,
        "message, code in _FINAL)",
        "message, False)",
    ),
    Mutation(
        "a refused call fails for all its events",
        _BUS,
        "if fault.kind is Fault.REFUSED and len(events) > 1:",
        "if False:",
    ),
    Mutation(
        "a bus that is down is asked for every ten events",
        _BUS,
        "failed = self._put(call, deadline) if down is None else _all(call, down)",
        "failed = self._put(call, deadline)",
    ),
    Mutation(
        "an event that is wrong by itself stops the others",
        _BUS,
        "concerns_bus = code not in _OF_EVENT and kind is not Fault.REFUSED",
        "concerns_bus = True",
    ),
    Mutation(
        "calls start after the deadline",
        _BUS,
        "if self._clock.monotonic() >= deadline:",
        "if False:",
    ),
    Mutation(
        "an event that is too large is not reported",
        _BUS,
        "            if event.size > LARGEST_CALL\n",
        "            if event.size > 100 * LARGEST_CALL\n",
    ),
    Mutation(
        "the id does not depend on the sequence",
        _EVENT,
        "return digest(hub_of(key), *key, rule, kind, sequence, *(",
        "return digest(hub_of(key), *key, rule, kind, *(",
    ),
    Mutation(
        "the id does not depend on the product",
        _EVENT,
        "return digest(hub_of(key), *key, rule, kind, sequence, *(",
        "return digest(hub_of(key), key[1], rule, kind, sequence, *(",
    ),
    Mutation(
        "the parts of an id run together",
        _DIGEST,
        "sha256(dumps(parts).encode())",
        'sha256(",".join(map(str, parts)).encode("utf-8", "replace"))',
    ),
    Mutation(
        "a large event loses deliveries",
        _CUTTING,
        '_LISTS = ("rules", "changes", "overruled")',
        '_LISTS = ("rules", "changes", "overruled", "deliver")',
    ),
    Mutation(
        "each batch asks a bus that is down again and again",
        _BUS,
        "        tries = 1 if self._was_down else self._backoff.tries(kind)\n",
        "        tries = self._backoff.tries(kind)\n",
    ),
    Mutation(
        "a bus that throttles counts as down",
        _BUS,
        "down.code not in (LATE, THROTTLED)",
        "down.code != LATE",
    ),
    Mutation(
        "refusals for different reasons are one event",
        _EVENT,
        "refused.code if refused else None",
        "None",
    ),
    Mutation(
        "what is cut is not said",
        _CUTTING,
        "name in lacking or len(record[name]) > most",
        "name in lacking",
    ),
    Mutation(
        "what reverses a text is left in it",
        _TEXTS,
        "if letter in _DECEIVING or ord(letter) in _TAGS",
        "if ord(letter) in _TAGS",
    ),
    Mutation(
        "a sweep that goes on elsewhere is announced as finished",
        _SWEEP,
        'if after.is_over and after.status != "continued":',
        "if after.is_over:",
    ),
    Mutation(
        "a sweep that fails for good is not announced",
        _SWEEP,
        "            self._put_finished(summary, str(error))\n            raise",
        "            raise",
    ),
    Mutation(
        "an exception is noted as announced though its event is not put",
        _NOTICES,
        "if not any(event.id in not_put for event in of_rule)",
        "if of_rule",
    ),
    Mutation(
        "events of exceptions are never noted",
        _NOTICES,
        "            if put:\n",
        "            if False:\n",
    ),
    Mutation(
        "the breaker announces a switch that it did not make",
        _BREAKER,
        'return mode, mode == "reopen" and is_later',
        "return mode, True",
    ),
    Mutation(
        "a run of the breaker that died after the switch is not made up for",
        _BREAKER,
        'return mode, mode == "reopen" and is_later',
        "return mode, False",
    ),
    Mutation(
        "a deployment announces a mode that it did not set",
        _RESOURCE,
        "return done if self._bus is None or done != DONE else",
        "return done if self._bus is None else",
    ),
)
