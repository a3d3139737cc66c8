"""How the last sweep ended."""

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, written


def look(account: Account) -> Verdict | None:
    """The newest execution of the sweep's state machine."""
    if account.deployed is None:
        return None
    machine = account.deployed.output("SweepArn")
    answer = account.client("stepfunctions").list_executions(stateMachineArn=machine, maxResults=1)
    if not answer["executions"]:
        return Verdict("warning", "there was none yet", "start one: hubtriage sweep")
    last = answer["executions"][0]
    seen = f"{last['status'].lower()}, started {written(last['startDate'])}"
    if last["status"] in ("SUCCEEDED", "RUNNING"):
        return Verdict("ok", seen)
    advice = "read the log SweepLogGroupName of the outputs, then: hubtriage sweep --resume"
    return Verdict("problem", seen, advice)
