"""Bugs of sending: what fits into a finding and a call, what goes first, and what is tried again."""

from tests.mutants.mutation import Mutation

SIZES = (
    Mutation(
        "what only takes back is refused for its size",
        "engine/planning/limits.py",
        "    if refused is None and _grows(outcomes):",
        "    if refused is None:",
    ),
    Mutation(
        "a note does not give way",
        "engine/planning/limits.py",
        "    if NOTE in whole.outcomes:",
        "    if False:",
    ),
    Mutation(
        "a finding may be one byte too large",
        "engine/planning/payload.py",
        "LARGEST_FINDING = 240 * 1024",
        "LARGEST_FINDING = 240 * 1024 + 1",
    ),
    Mutation(
        "what another tool wrote and cannot be sent is sent",
        "engine/planning/payload.py",
        "    if _HALF_CHARACTER.search(key) or _HALF_CHARACTER.search(value):",
        "    if False:",
    ),
    Mutation(
        "a rule that has ended is called deleted",
        "engine/planning/causes.py",
        "    if not rule.in_force(now):",
        "    if False:",
    ),
)

SENDING = (
    Mutation(
        "what reopens is refused with the rest",
        "aws/triage/steps/dispatch.py",
        "receipt.is_refusal and not case.is_unknown and _may_reopen_alone(case):",
        "receipt.is_refusal and case.is_unknown and _may_reopen_alone(case):",
    ),
    Mutation(
        "refused calls are halved level by level",
        "aws/securityhub/sending.py",
        "due.waiting.pop() if",
        "due.waiting.pop(0) if",
    ),
    Mutation(
        "what reopens waits behind a flood",
        "engine/planning/batches.py",
        "    return sorted(calls, key=lambda call: not call.reopens)",
        "    return calls",
    ),
    Mutation(
        "a call has 101 findings",
        "engine/planning/batches.py",
        "MOST_IDENTIFIERS = 100",
        "MOST_IDENTIFIERS = 101",
    ),
    Mutation(
        "findings with different updates share a call",
        "engine/planning/batches.py",
        "groups.setdefault(canonical(payload), (payload, {}))",
        "groups.setdefault(str(sorted(payload)), (payload, {}))",
    ),
    Mutation(
        "one bad finding holds back the others of its call",
        "aws/securityhub/sending.py",
        "        elif trial.may_be_cut:",
        "        elif False:",
    ),
    Mutation(
        "one finding that is denied holds back the others of its call",
        "aws/securityhub/sending.py",
        "        is_refusal = fault.kind in (Fault.REFUSED, Fault.DENIED)",
        "        is_refusal = fault.kind is Fault.REFUSED",
    ),
    Mutation(
        "a second attempt is made however old its update is",
        "aws/securityhub/sending.py",
        "self._without_vetoed(self._up_to_date(wanted))",
        "self._without_vetoed(self._up_to_date(wanted) if wanted.number == 1 else wanted)",
    ),
    Mutation(
        "what an answer does not mention was updated",
        "aws/securityhub/sending.py",
        "        processed=frozenset(key for key in processed & asked if key not in unprocessed),",
        "        processed=frozenset(key for key in asked if key not in unprocessed),",
    ),
    Mutation(
        "an update whose answer was lost surely did nothing",
        "aws/securityhub/sending.py",
        "        if fault.may_have_worked:\n            self.traffic.unknown.update(attempt.keys)\n",
        "",
    ),
    Mutation(
        "a call starts after the time of its batch",
        "aws/securityhub/sending.py",
        "        return TOO_LATE if self._sender.now() > deadline else None",
        "        return None",
    ),
    Mutation(
        "a batch that is switched off goes on",
        "aws/securityhub/sending.py",
        "        self._stopped = not self._sender.may_write()",
        "        self._stopped = False",
    ),
    Mutation(
        "what is hidden above every ceiling is not decided early",
        "aws/triage/steps/cases.py",
        "or result.until is None or not self.is_urgent(case):",
        "or result.until is None or self.is_urgent(case):",
    ),
)
