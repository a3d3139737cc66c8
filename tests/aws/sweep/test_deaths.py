"""Steps that die, wherever: no limit is forgotten, and no finding stops the sweep for ever."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from hubtriage.aws.sweep.function import MOST_DEATHS
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.start import start_sweep
from hubtriage.aws.sweep.walk import MOST_FAULTS, RESERVE, SweepError, Walk
from tests.support.broken import Killed
from tests.support.sweep_site import MACHINE, States, SweepSite, refusal

LIMIT = 120


class Deaths:
    """Kills the step at some of its calls of AWS, or when it has answered: each call asks `dies`."""

    def __init__(self, site: SweepSite, dies: Callable[[int], bool]) -> None:
        self.site, self.dies, self.calls = site, dies, 0
        for service, operation in (
            (site.world.api, "get_findings"),
            (site.sqs, "send_message_batch"),
            (site.sqs, "get_queue_attributes"),
            (site.states, "list_executions"),
        ):
            setattr(service, operation, self._dying(getattr(service, operation)))

    def _dying(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def dying(**request: Any) -> Any:
            self.ask()
            answer = call(**request)
            self.ask()
            return answer

        return dying

    def ask(self) -> None:
        self.calls += 1
        if self.dies(self.calls):
            raise Killed

    def sweep(self, state: Mapping[str, Any], *, works_off: bool = True) -> dict[str, Any]:
        """As Step Functions does it: a step that dies is called again, with the same state."""
        retries = 0
        for _call in range(2_000):
            try:
                after = self.site.step(state, retries)
                self.ask()
            except Killed:
                retries += 1
                assert retries <= 20, "Step Functions gives up"
            else:
                state, retries = json.loads(json.dumps(after)), 0
                if "report" in state:
                    self.site.work_off()
                    return dict(state)
                self.site.world.clock.sleep(max(state["progress"]["wait"], 1))
            if works_off:
                self.site.work_off()
        raise AssertionError("the sweep does not end")


@pytest.mark.parametrize("works_off", [True, False], ids=["triaged meanwhile", "triaged at the end"])
@pytest.mark.parametrize("request_", [{}, {"budget": LIMIT}], ids=["hide limit", "budget"])
def test_never_more_than_the_limit_is_hidden_whatever_step_dies(request_: Any, works_off: bool) -> None:
    for first in range(1, 32):
        site = SweepSite(count=260, hide_limit=LIMIT, reads=1.0, step=3.0)
        deaths = Deaths(site, lambda call, first=first: call == first)
        ended = deaths.sweep({"request": request_}, works_off=works_off)
        assert site.hidden <= LIMIT, first
        assert ended["report"]["hidden"] >= site.hidden, first
        assert ended["report"]["hidden"] - ended["report"]["uncertain"] <= site.hidden, first
        assert ended["report"]["status"] in ("withheld", "over budget"), first


@pytest.mark.parametrize("period", [11, 13, 30])
def test_steps_that_die_again_and_again_hide_no_more(period: int) -> None:
    site = SweepSite(count=450, hide_limit=LIMIT)
    ended = Deaths(site, lambda call: call % period == 0 and call < 500).sweep({})
    assert site.hidden <= LIMIT <= ended["report"]["hidden"] + ended["report"]["withheld"]
    assert ended["report"]["hidden"] >= site.hidden


def test_a_step_that_dies_costs_no_more_than_was_reserved() -> None:
    site = SweepSite(count=2_000, hide_limit=10_000)
    sent = iter(range(1_000))
    deaths = Deaths(site, lambda _call: False)
    send = site.sqs.send_message_batch

    def dying(**request: Any) -> Any:
        if next(sent) == 3:
            raise Killed
        return send(**request)

    site.sqs.send_message_batch = dying  # type: ignore[method-assign]
    ended = deaths.sweep({})
    assert (ended["report"]["status"], site.hidden) == ("done", 2_000)
    assert 0 < ended["report"]["uncertain"] <= RESERVE


def test_a_step_that_hides_nothing_costs_nothing_when_it_dies() -> None:
    site = SweepSite(count=250)
    site.hide(250)
    for first in range(1, 20):
        ended = Deaths(site, lambda call, first=first: call == first).sweep({})
        assert (ended["report"]["hidden"], ended["report"]["uncertain"]) == (0, 0)


def test_a_sweep_that_is_resumed_counts_what_its_last_step_may_have_hidden() -> None:
    states = States()
    left = Progress(hidden=10, changed=10, reserved=70, token="t", deaths=3, skipped=["x"])
    start_sweep(states, MACHINE, SweepRequest(), left)
    progress = json.loads(states.started[0]["input"])["progress"]
    assert (progress["hidden"], progress["uncertain"], progress["reserved"]) == (80, 70, 0)
    assert (progress["deaths"], progress["skipped"]) == (0, [])


def deadly(name: str) -> Callable[[Walk, Any, Any, float], Any]:
    """Have every step die that handles this finding, as of a bug: it is read, but must not be decided on."""
    decide = Walk.decide

    def dying(walk: Walk, found: Any, entry: Any, now: float) -> Any:
        if found["Id"] == name:
            raise Killed
        return decide(walk, found, entry, now)

    return dying


def test_a_finding_that_steps_die_of_is_left_out_and_the_sweep_is_not_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Walk, "decide", deadly("finding-137"))
    site = SweepSite(count=450)
    ended = Deaths(site, lambda _call: False).sweep({})["report"]
    assert (ended["status"], site.hidden) == ("skipped", 449)
    assert ended["uncertain"] <= RESERVE + 100 + 25 + 5 + 1
    assert ended["skipped"] == ["finding-137: 5 steps died of it"]


def test_a_message_that_the_queue_refuses_for_good_does_not_stop_the_sweep() -> None:
    site = SweepSite(count=250)
    send = site.sqs.send_message_batch

    def refusing(**request: Any) -> Any:
        bad = [entry for entry in request["Entries"] if '"finding-77"' in entry["MessageBody"]]
        if bad:
            return {"Failed": [{"Id": entry["Id"], "Code": "Bad", "SenderFault": True} for entry in bad]}
        return send(**request)

    site.sqs.send_message_batch = refusing  # type: ignore[method-assign]
    ended = Deaths(site, lambda _call: False).sweep({})["report"]
    assert (ended["status"], site.hidden) == ("skipped", 249)
    assert ended["skipped"] == ["finding-77: 5 steps died of it"]


def test_an_outage_of_the_queue_is_waited_for_and_forgets_no_count() -> None:
    site = SweepSite(count=250, hide_limit=LIMIT)
    site.sqs.trouble = [None, *[refusal("InternalError", 500)] * 30]
    ended = Deaths(site, lambda _call: False).sweep({})["report"]
    assert (ended["status"], ended["uncertain"], ended["skipped"]) == ("withheld", 0, [])
    assert site.hidden <= LIMIT
    assert ended["hidden"] >= site.hidden


def test_what_never_works_fails_for_good_and_says_why() -> None:
    site = SweepSite(count=5)
    site.sqs.trouble = [refusal("AccessDenied", 403)] * 1_000
    with pytest.raises(SweepError, match="AccessDenied"):
        Deaths(site, lambda _call: False).sweep({})
    denied = SweepSite(count=5)
    denied.world.fault(operation="GetFindings", error="AccessDeniedException", times=1_000)
    with pytest.raises(SweepError, match="AccessDenied"):
        Deaths(denied, lambda _call: False).sweep({})
    assert denied.world.calls("GetFindings") == MOST_FAULTS + 1


def test_steps_that_die_whatever_they_read_fail_for_good() -> None:
    site = SweepSite(count=5)
    deaths = Deaths(site, lambda _call: False)

    def dying(**_request: Any) -> Any:
        raise Killed

    site.world.api.get_findings = dying  # type: ignore[method-assign]
    with pytest.raises(SweepError, match=f"{MOST_DEATHS + 1} steps in a row died"):
        deaths.sweep({})


def test_findings_that_cannot_be_parsed_are_left_out_with_a_reason() -> None:
    site = SweepSite(count=3)
    read = site.world.api.get_findings

    def unparsable(**request: Any) -> Any:
        answer = read(**request)
        answer = {name: answer[name] for name in ("Findings", "NextToken") if name in answer}
        nested = "[" * 100_000 + "]" * 100_000
        body = json.dumps(answer).replace('"finding-1"', nested).encode()
        return answer if body.count(b"[[[") == 0 else {"UnparsedBody": body}

    site.world.api.get_findings = unparsable  # type: ignore[method-assign]
    ended = Deaths(site, lambda _call: False).sweep({"request": {"scopes": ["active"]}})["report"]
    assert (ended["status"], site.hidden) == ("skipped", 2)
    assert "nested too deep" in ended["skipped"][0]
