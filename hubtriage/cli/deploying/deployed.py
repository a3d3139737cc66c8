"""What is deployed now, read from the stack: its rules are in the code of its function."""

import io
import json
import os
import ssl
import urllib.error
import urllib.request
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.custom_resource import RefusedError
from hubtriage.aws.deployment.objections import Deployed
from hubtriage.aws.deployment.record import read_record
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.held import held
from hubtriage.aws.ledger.ledger import LedgerError
from hubtriage.aws.ledger.never_resource import check
from hubtriage.cli.deploying.changes import Holdings
from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS, client
from hubtriage.cli.targets.environment import set_region

NEEDED = "docs/deploying.md lists the permissions of the command"
MOST_BYTES = 300_000_000
"""AWS: the code of a function has at most 250 MB."""
_TIMEOUT = 60.0
_RULESET = "ruleset.json"
_FAILED_FIRST = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_COMPLETE")
"""AWS: what a stack is that was never there; CDK creates it again."""


@dataclass(frozen=True, slots=True)
class DeployedRuleset:
    """A stack that is there: its outputs, what identifies its rules, and its compiled rule set."""

    outputs: Mapping[str, str]
    identity: Deployed
    document: Mapping[str, Any]


@contextmanager
def in_region(region: str | None) -> Iterator[str]:
    """Act in a Region within the block, None for the one that the credentials name; yield its name."""
    before = dict(os.environ)
    try:
        boto3.DEFAULT_SESSION = None  # it keeps credentials and Region
        if region is not None:
            set_region(region)
        yield str(client("cloudformation").meta.region_name)
    finally:
        boto3.DEFAULT_SESSION = None
        os.environ.clear()
        os.environ.update(before)


def account_of_credentials() -> str:
    """Return the account of the AWS credentials; end with 1 without usable ones."""
    try:
        return str(client("sts").get_caller_identity()["Account"])
    except AWS_ERRORS as error:
        fail(f"AWS: {error}", "look at AWS_PROFILE and AWS_REGION")


def demand_account(wanted: str | None, actual: str) -> None:
    """End with 2 if the credentials are not those of the account that the settings name."""
    if wanted not in (None, actual):
        fail(
            f"the settings name account {wanted}, and these AWS credentials are of account {actual}",
            "use --profile or other credentials",
            exit_code=UNUSABLE,
        )


def read_deployed(stack: str) -> DeployedRuleset | None:
    """Return what is deployed; None if there is no such stack yet.

    End with 1 if it cannot be read: what changes would not be known.
    """
    try:
        found = _described(stack)
        if found is None:
            return None
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
        if "FunctionName" not in outputs:
            fail(f"stack {stack} has no output FunctionName", "is it a stack of hubtriage? See stack-name")
        location = client("lambda").get_function(FunctionName=outputs["FunctionName"])["Code"]["Location"]
        return DeployedRuleset(outputs, read_record(client("ssm"), stack), ruleset_of(location))
    except AWS_ERRORS as error:
        fail(f"what is deployed is not known: {error}", NEEDED)


def demand_unchanged(stack: str, shown: Deployed | None) -> None:
    """End with 1 if something else is deployed by now than was shown; None was nothing."""
    if shown is None:
        return
    try:
        now = read_record(client("ssm"), stack)
    except AWS_ERRORS as error:
        fail(f"what is deployed is not known: {error}", NEEDED)
    if now != shown:
        fail(f"stack {stack} was deployed by another person meanwhile: nothing was deployed", "run it again")


def _described(stack: str) -> Mapping[str, Any] | None:
    """Return a stack as CloudFormation describes it; None if it was never created."""
    try:
        found: Mapping[str, Any] = client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except AWS_ERRORS as error:
        if "does not exist" in str(error):
            return None
        raise
    status = found["StackStatus"]
    if status in _FAILED_FIRST:
        return None
    if status.endswith("_IN_PROGRESS"):
        fail(f"stack {stack} is {status}: another deployment is under way", "wait until it is over")
    return found


def ruleset_of(location: str) -> dict[str, Any]:
    """Return the rule set in the code of a function; `location` is where AWS hands it out for ten minutes.

    End with 1 if there is none: what is deployed would not be known.
    """
    try:
        document: dict[str, Any] = json.loads(_member(_fetched(location), _RULESET))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        fail(f"what is deployed is not known: the code of the function cannot be read: {error}", NEEDED)
    return document


def _fetched(location: str) -> bytes:
    if not location.startswith(("https://", "http://")):
        raise ValueError("AWS names no address")
    trusted = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    with urllib.request.urlopen(location, timeout=_TIMEOUT, context=trusted) as answer:  # noqa: S310
        content: bytes = answer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError("it is larger than AWS allows")
    return content


def _member(archive: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        if opened.getinfo(name).file_size > MOST_BYTES:
            raise ValueError("it is larger than AWS allows")
        return opened.read(name)


def holdings_of(outputs: Mapping[str, str], rules: Collection[str]) -> Holdings:
    """Return how many findings these rules hold now; end with 1 if the ledger cannot be read."""
    found = Holdings()
    if not rules or "LedgerTableName" not in outputs:
        return found
    ledger = DynamoLedger(dynamodb(), outputs["LedgerTableName"], SystemClock())
    token: str | None = None
    read = 0
    try:
        with progress_bar("deploy") as shown:
            while True:
                page = ledger.scan(rules, token)
                found.count((entry for _key, entry in page.entries), rules)
                found.damaged += len(page.unread)
                read, token = read + page.read, page.token
                shown.show(f"{read:,} entries of the ledger read")
                if token is None:
                    return found
    except (LedgerError, *AWS_ERRORS) as error:
        fail(f"what the rules hold is not known: {error}", NEEDED)


def refuse_held_fields(outputs: Mapping[str, str], never: Collection[str]) -> None:
    """End with 1 if the ledger holds something in a field that is never to be set: IAM would freeze it."""
    if not never or "LedgerTableName" not in outputs:
        return
    try:
        check(held(client("dynamodb").scan, outputs["LedgerTableName"], never, lambda: True))
    except RefusedError as error:
        fail(str(error))
    except AWS_ERRORS as error:
        fail(f"what the ledger holds in fields of `never` is not known: {error}", NEEDED)
