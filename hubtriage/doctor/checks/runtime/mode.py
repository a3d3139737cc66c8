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
        return Verdict("problem", f"{name} is {mode[:40]!r}, which is no mode", advice)
    advice = "if that is not meant: hubtriage logs --since 1d tells why, hubtriage mode enforce goes on"
    return Verdict("warning", f"{mode} {since}: {_STOPPED[mode]}", advice)
