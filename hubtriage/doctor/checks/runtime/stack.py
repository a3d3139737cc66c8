"""Check whether the stack is deployed, and how its last deployment ended."""

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict

_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


def look(account: Account) -> Verdict:
    """Read the status of the stack. AWS: a stack that was rolled back works as before."""
    deployed = account.deployed
    if deployed is None:
        return Verdict("ok", f"{account.stack} is not deployed here", "deploy it with: hubtriage deploy")
    seen = f"{deployed.name}: {deployed.status}"
    if deployed.status in _GOOD:
        return Verdict("ok", seen)
    if deployed.status.endswith("_IN_PROGRESS"):
        return Verdict("warning", seen, "wait until the deployment is over")
    if deployed.status == "UPDATE_ROLLBACK_COMPLETE":
        advice = "the last deployment failed and the previous version is running: see the stack's events"
        return Verdict("warning", seen, advice)
    return Verdict("problem", seen, "see the stack's events in CloudFormation")
