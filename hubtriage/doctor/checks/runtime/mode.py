"""Check whether triage writes."""

from hubtriage.aws.switch.mode import MODES
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, written

_STOPPED = {"reopen": "nothing new is hidden", "observe": "nothing is written"}


def look(account: Account) -> Verdict | None:
    """Read the mode, and when it was last set."""
    if account.deployed is None:
        return None
    name = account.deployed.output("ModeParameterName")
    parameter = account.client("ssm").get_parameter(Name=name)["Parameter"]
    mode, since = parameter["Value"], f"since {written(parameter['LastModifiedDate'])}"
    if mode == "enforce":
        return Verdict("ok", f"enforce {since}")
    if mode not in MODES:
        advice = "set it: hubtriage mode enforce, reopen or observe; until then every batch fails"
        return Verdict("problem", f"{name} is {mode[:40]!r}, which is not a mode", advice)
    advice = "if you did not intend this: hubtriage logs --since 1d shows why, hubtriage mode enforce resumes"
    return Verdict("warning", f"{mode} {since}: {_STOPPED[mode]}", advice)
