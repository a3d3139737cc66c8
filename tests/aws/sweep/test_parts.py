"""Sweeps longer than one execution of a state machine may be, and what goes from step to step."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.sweep import function
from hubtriage.aws.sweep.occasions.outset import Outset
from hubtriage.aws.sweep.progress import MOST_RULES, OTHER_RULES, Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.start import continuation, last_unfinished, look, start_sweep
from hubtriage.aws.sweep.walk import MOST_FAULTS, MOST_RESTARTS, SweepError
from tests.support.sweep_site import MACHINE, SweepSite

LARGEST_STATE = 256 * 1024  # AWS: what a state may be handed, bytes
MOST_EVENTS = 25_000  # AWS: of one execution
EVENTS_A_STEP = 9  # entered, scheduled, started, succeeded, exited; choice in and out; pause in and out


class Machine:
    """The state machine in memory: an execution takes step after step until a step says that it is over."""

    def __init__(self) -> None:
        self.executions: dict[str, dict[str, Any]] = {}
        self.steps: dict[str, int] = {}

    def start_execution(self, **request: Any) -> Mapping[str, Any]:
        arn = f"{request['stateMachineArn'].replace(':stateMachine:', ':execution:')}:{request['name']}"
        if arn in self.executions:
            raise ClientError({"Error": {"Code": "ExecutionAlreadyExists", "Message": "it is there"}}, "x")
        start = float(len(self.executions))
        execution = {"executionArn": arn, "status": "RUNNING", "startDate": start, "input": request["input"]}
        self.executions[arn] = execution
        return execution

    def list_executions(self, **request: Any) -> Mapping[str, Any]:
        wanted = request.get("statusFilter")
        found = [e for e in self.executions.values() if wanted in (None, e["status"])]
        return {"executions": sorted(found, key=lambda e: -e["startDate"])}

    def describe_execution(self, **request: Any) -> Mapping[str, Any]:
        return self.executions[request["executionArn"]]

    def get_execution_history(self, **_request: Any) -> Mapping[str, Any]:
        return {"events": []}

    def run(self, site: SweepSite) -> None:
        """Take the steps of all executions, as many as there come to be."""
        while running := [e for e in self.executions.values() if e["status"] == "RUNNING"]:
            for execution in running:
                self._step(site, execution)

    def _step(self, site: SweepSite, execution: dict[str, Any]) -> None:
        arn = execution["executionArn"]
        state = execution.get("state") or json.loads(execution["input"])
        event = json.loads(json.dumps({"state": state, "execution": arn, "machine": MACHINE}))
        execution["state"] = site.function(event, None)
        self.steps[arn] = self.steps.get(arn, 0) + 1
        progress = execution["state"]["progress"]
        site.world.clock.sleep(max(progress["wait"], 1))
        site.sqs.bodies.clear()
        if progress["status"] != "more":
            execution |= {"status": "SUCCEEDED", "output": json.dumps(execution["state"])}


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(function, "MOST_STEPS", 3)
    return 3


def slow_site(machine: Machine, count: int = 1200) -> SweepSite:
    """A site whose steps take one page each."""
    return SweepSite(states=machine, count=count, step=1.5, reads=1.0, hide_limit=10_000)


def test_an_execution_ends_long_before_aws_ends_it():
    assert function.MOST_STEPS * (EVENTS_A_STEP + 2 * 4) < MOST_EVENTS, "two failures for each step"


def test_a_long_sweep_goes_on_in_execution_after_execution(few_steps):
    machine = Machine()
    site = slow_site(machine)
    execution = start_sweep(machine, MACHINE, SweepRequest(reason="deploy"))
    machine.run(site)
    assert len(machine.executions) > 1
    assert max(machine.steps.values()) <= few_steps + 1, "the last one only hands over"
    seen = look(machine, execution)
    assert (seen.status, seen.progress.status) == ("SUCCEEDED", "done")
    assert (seen.progress.read, seen.progress.changed) == (1200, 1200)
    assert seen.execution == list(machine.executions)[-1] != execution
    assert seen.request == SweepRequest(reason="deploy")
    outputs = [json.loads(e["output"])["progress"]["status"] for e in machine.executions.values()]
    assert outputs == ["continued"] * (len(outputs) - 1) + ["done"]


def test_an_execution_that_is_started_twice_is_one(few_steps):
    machine = Machine()
    site = slow_site(machine)
    start_sweep(machine, MACHINE, SweepRequest())
    (execution,) = machine.executions.values()
    while "output" not in execution:
        before = execution.get("state")
        machine._step(site, execution)
    del execution["output"]
    execution |= {"status": "RUNNING", "state": before}  # the answer of the step was lost
    machine._step(site, execution)
    assert len(machine.executions) == 2
    assert json.loads(execution["output"])["progress"]["status"] == "continued"
    machine.run(site)
    assert look(machine, execution["executionArn"]).progress.changed == 1200


def test_a_sweep_that_was_replaced_does_not_go_on(few_steps):
    machine = Machine()
    site = slow_site(machine, count=300)
    older = start_sweep(machine, MACHINE, SweepRequest())
    state = {"request": {}, "progress": Progress(started=1.0, steps=few_steps).as_json()}
    machine.executions[older]["state"] = state
    newer = start_sweep(machine, MACHINE, SweepRequest())
    machine.run(site)
    assert look(machine, older).progress.status == "superseded"
    assert look(machine, newer).progress.status == "done"
    assert len(machine.executions) == 2


def test_a_sweep_that_failed_for_its_page_tokens_can_be_resumed():
    machine = Machine()
    site = SweepSite(states=machine, count=450)
    start_sweep(machine, MACHINE, SweepRequest())
    (failed,) = machine.executions.values()
    failed["state"] = {
        "request": {"scopes": ["active"]},
        "progress": Progress(token="dead", pages=9, restarts=MOST_RESTARTS, faults=MOST_FAULTS).as_json(),
    }
    with pytest.raises(SweepError, match="InvalidInputException"):
        machine._step(site, failed)
    failed |= {"status": "FAILED", "input": json.dumps(failed["state"])}
    unfinished = last_unfinished(machine, MACHINE)
    assert unfinished is not None
    resumed = start_sweep(machine, MACHINE, unfinished.request, unfinished.progress)
    machine.run(site)
    done = look(machine, resumed).progress
    assert (done.status, done.read, done.restarts, done.faults) == ("done", 450, 0, 0)


@pytest.mark.parametrize("name", ["deploy-0c7b0d1e", "x" * 80])
def test_names_of_executions_are_such_as_aws_takes(name):
    arn, names = f"arn:aws:states:eu-west-1:111122223333:execution:m:{name}", []
    for part in range(1, 1200):
        arn = continuation(arn, part)
        names.append(arn.rpartition(":")[2])
    assert max(map(len, names)) <= 80
    assert len(set(names)) == len(names)
    assert names[0].startswith(name[:70])
    assert names[-1].endswith("-part-1200")


def test_what_is_handed_from_step_to_step_fits_however_many_rules_there_are():
    progress = Progress(token="t" * 4096)
    for number in range(50_000):
        progress.count_rules({f"{number:063}"})
    assert len(json.dumps(progress.as_json())) < LARGEST_STATE / 4
    assert sum(progress.by_rule.values()) == 50_000
    assert (len(progress.by_rule), progress.by_rule[OTHER_RULES]) == (MOST_RULES + 1, 50_000 - MOST_RULES)


def test_a_sweep_of_all_findings_waits_for_one_of_some_and_then_does_its_work():
    machine = Machine()
    site = slow_site(machine, count=300)
    whole = start_sweep(machine, MACHINE, SweepRequest(reason="schedule"))
    execution = machine.executions[whole]
    while json.loads(json.dumps(execution.get("state", {}))).get("progress", {}).get("read", 0) < 100:
        machine._step(site, execution)
    read = execution["state"]["progress"]["read"]
    narrow = start_sweep(machine, MACHINE, SweepRequest(scopes=("active",), rules=("rule-a",)))
    site.world.clock.sleep(5)
    for _look in range(3):
        machine._step(site, execution)
        assert (execution["status"], execution["state"]["progress"]["read"]) == ("RUNNING", read)
    machine.run(site)
    assert look(machine, narrow).progress.status == "done"
    done = look(machine, whole).progress
    assert (done.status, done.read) == ("done", 300)


def test_a_sweep_hands_on_what_it_found_out_before_its_first_page():
    outset = Outset(rules=tuple(f"{number:063}" for number in range(1000)), surely=("a",), parts=3)
    progress = Progress.from_json(json.loads(json.dumps(Progress(outset=outset).as_json())))
    assert progress.outset == outset
    assert len(json.dumps(progress.as_json())) < LARGEST_STATE / 2
