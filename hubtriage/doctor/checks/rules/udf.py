"""Try on a test finding what BatchUpdateFindings does with user-defined fields that a call leaves out.

AWS does not document it. The finding belongs to the account's own product, and the probe archives it at the
end. No one can delete findings; AWS drops archived ones after 30 days.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from hubtriage.aws.securityhub.api import identifier
from hubtriage.aws.securityhub.faults import HANDLING, Handling
from hubtriage.doctor.account import Account
from hubtriage.doctor.refusal import REFUSALS, refused
from hubtriage.doctor.verdict import UncheckedError, Verdict
from hubtriage.engine.fields import user_fields

PAUSE = 2.0
USER_FIELDS = "UserDefinedFields"
FIRST, SECOND = "hubtriage-doctor-first", "hubtriage-doctor-second"
Reading = Literal["replace", "merge"]
_RETRIED = (Handling.RETRY, Handling.NOT_FOUND)


def look(account: Account, patience: float) -> Verdict:
    """Try it, and compare with the stack's setting; `patience`: the seconds to wait for each step to show."""
    setting = None if account.config is None else account.config.udf
    probe = Probe(account, patience)
    try:
        verdict = judge(probe.reading(), setting, used=_are_set(account))
    except REFUSALS as error:
        verdict = refused(error)
    return replace(verdict, details=(probe.clean_up(),))


def _are_set(account: Account) -> bool:
    """Say whether a rule sets user-defined fields; where rules cannot be read, one may."""
    try:
        rules = account.loaded.rules
    except UncheckedError:
        return True
    return any(USER_FIELDS in rule.model.update.model_fields_set for rule in rules)


def judge(reading: Reading, setting: str | None, *, used: bool = True) -> Verdict:
    """Return the verdict on what is true and what the stack is set to; None: no stack is deployed.

    `used`: a rule sets user-defined fields; without one, triage writes none.
    """
    effect = "replace the map" if reading == "replace" else "merge into the map"
    seen = f"{reading}: the fields of an update {effect}"
    data = {"udf": reading, "setting": setting}
    if setting is None:
        advice = "" if reading == "replace" else "you may deploy with -c hubtriage:udf=merge"
        return Verdict("ok", seen, advice, data=data)
    if setting == reading:
        return Verdict("ok", f"{seen}, as the stack is set", data=data)
    if reading == "merge":
        advice = "udf=merge would need fewer calls where other tools have keys of their own"
        return Verdict("ok", f"{seen}; the stack is set to replace, which is safe", advice, data=data)
    advice = "deploy with -c hubtriage:udf=replace: with merge, keys of other tools are lost"
    if not used:
        later = f"{seen}, but the stack is set to merge; no rule sets such fields yet"
        return Verdict("warning", later, advice, data=data)
    return Verdict("problem", f"{seen}, but the stack is set to merge", advice, data=data)


class Probe:
    """A test finding: imported, updated twice, read back, archived."""

    def __init__(self, account: Account, patience: float) -> None:
        who = account.identity
        self.product = (
            f"arn:{who.partition}:securityhub:{who.region}:{who.account}:product/{who.account}/default"
        )
        self.finding_id = f"hubtriage-doctor-{secrets.token_hex(8)}"
        self._account = account
        self._patience = patience
        self._began = account.clock.now()
        self._imported = False

    def reading(self) -> Reading:
        """Return the reading that is true here; raises UncheckedError if the probe cannot find out."""
        self._import("ACTIVE", self._began)
        self._await("be imported", lambda _fields: True)
        self._update({FIRST: "1"})
        self._await("show the first update", lambda fields: FIRST in fields)
        self._update({SECOND: "2"})
        fields = self._await("show the second update", lambda fields: SECOND in fields)
        if fields.keys() - {FIRST, SECOND}:
            raise UncheckedError(
                "triage or another tool has updated the test finding meanwhile",
                "stop triage first: hubtriage mode observe",
            )
        return "merge" if FIRST in fields else "replace"

    def clean_up(self) -> str:
        """Archive the finding, and report what is left of it."""
        if not self._imported:
            return "no test finding was made"
        try:
            self._import("ARCHIVED", max(self._account.clock.now(), self._began + 1))
        except REFUSALS as error:
            return f"the test finding {self.finding_id} is left active: {error}"
        return f"the test finding {self.finding_id} is archived; AWS deletes it after 30 days"

    def _import(self, record_state: str, updated: float) -> None:
        """AWS: an import counts only if its UpdatedAt is later than the stored one."""
        who = self._account.identity
        finding = {
            "SchemaVersion": "2018-10-08",
            "Id": self.finding_id,
            "ProductArn": self.product,
            "GeneratorId": "hubtriage-doctor",
            "AwsAccountId": who.account,
            "CreatedAt": _written(self._began),
            "UpdatedAt": _written(updated),
            "Title": "Test finding of hubtriage doctor",
            "Description": "Shows what updates do to user-defined fields. It is archived at once.",
            "Types": ["Software and Configuration Checks"],
            "Severity": {"Label": "INFORMATIONAL"},
            "Resources": [{"Type": "AwsAccount", "Id": f"AWS::::Account:{who.account}"}],
            "RecordState": record_state,
        }
        answer = self._account.client("securityhub").batch_import_findings(Findings=[finding])
        if answer["FailedCount"]:
            failed = answer["FailedFindings"][0]
            raise UncheckedError(
                f"the test finding was refused: {failed['ErrorCode']}: {failed['ErrorMessage']}"
            )
        self._imported = True

    def _update(self, fields: Mapping[str, str]) -> None:
        """Update the finding; repeat while that may help. AWS: may not find a new finding yet."""
        request = {"FindingIdentifiers": [identifier((self.product, self.finding_id))]}
        hub, clock = self._account.client("securityhub"), self._account.clock
        deadline = clock.monotonic() + self._patience
        while True:
            answer = hub.batch_update_findings(**request, UserDefinedFields=dict(fields))
            unprocessed = answer["UnprocessedFindings"]
            if not unprocessed:
                return
            code = unprocessed[0]["ErrorCode"]
            if HANDLING.get(code, Handling.RETRY) not in _RETRIED or clock.monotonic() > deadline:
                raise UncheckedError(f"the test finding could not be updated: {code}")
            clock.sleep(PAUSE)

    def _await(self, what: str, shows: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any]:
        """Return the user-defined fields once they show it. AWS: that can take several minutes."""
        clock = self._account.clock
        deadline = clock.monotonic() + self._patience
        wanted = {"Value": self.finding_id, "Comparison": "EQUALS"}
        while True:
            for finding in self._account.read({"Id": [wanted]}, 1):
                if shows(fields := user_fields(finding)):
                    return fields
            if clock.monotonic() > deadline:
                raise UncheckedError(
                    f"the test finding did not {what} within {self._patience:g} seconds",
                    "run it again with a longer --patience",
                )
            clock.sleep(PAUSE)


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
