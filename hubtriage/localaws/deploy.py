"""Deploy a synthesized cloud assembly (`cdk.out`) with CloudFormation, without the CDK command line."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]
"""Gives a boto3 client by service name."""

_BOOTSTRAP_VERSION = "30"
_POLL = 0.2
_EPOCH = (1980, 1, 1, 0, 0, 0)


class DeploymentError(RuntimeError):
    """CloudFormation did not get a stack to where it should be; the message says why."""


@dataclass(frozen=True, slots=True)
class AssemblyStack:
    """One stack of an assembly: its name, template, and its files (source, S3 key)."""

    name: str
    template: str
    files: tuple[tuple[Path, str], ...]


def read_assembly(folder: Path, region: str) -> tuple[AssemblyStack, ...]:
    """Return the stacks that a cloud assembly has for a Region, those that others depend on first."""
    manifest = json.loads((folder / "manifest.json").read_text())["artifacts"]
    names = [name for name, artifact in manifest.items() if artifact["type"] == "aws:cloudformation:stack"]
    here = [name for name in _ordered(names, manifest) if _goes_to(manifest[name], region)]
    return tuple(_stack(folder, name, manifest[name]) for name in here)


def _goes_to(artifact: Mapping[str, Any], region: str) -> bool:
    """Say whether a stack is for this Region, or for no particular one: then the credentials' counts."""
    return artifact["environment"].rpartition("/")[2] in (region, "unknown-region")


def _ordered(names: Iterable[str], manifest: Mapping[str, Any]) -> list[str]:
    ordered: list[str] = []

    def visit(name: str) -> None:
        for needed in manifest[name].get("dependencies", []):
            visit(needed)
        if name not in ordered:
            ordered.append(name)

    for name in names:
        visit(name)
    return [name for name in ordered if manifest[name]["type"] == "aws:cloudformation:stack"]


def _stack(folder: Path, artifact_id: str, artifact: Mapping[str, Any]) -> AssemblyStack:
    properties = artifact["properties"]
    assets = folder / f"{artifact_id}.assets.json"
    files = json.loads(assets.read_text())["files"].values() if assets.exists() else ()
    placed = ((folder / each["source"]["path"], _only(each["destinations"])["objectKey"]) for each in files)
    template = (folder / properties["templateFile"]).read_text()
    return AssemblyStack(properties.get("stackName", artifact_id), template, tuple(placed))


def _only(destinations: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    return next(iter(destinations.values()))


def deploy(
    client: Client, folder: Path, *, account: str, region: str, timeout: float = 120.0
) -> dict[str, dict[str, str]]:
    """Create or update the stacks that an assembly has for a Region; their outputs by stack name.

    What `cdk bootstrap` would make is reduced to the bucket for assets and the parameter with its
    version. Raises DeploymentError with CloudFormation's reasons.
    """
    bucket = f"cdk-hnb659fds-assets-{account}-{region}"
    _bootstrap(client, bucket, region)
    outputs = {}
    for stack in read_assembly(folder, region):
        for source, key in stack.files:
            client("s3").put_object(Bucket=bucket, Key=key, Body=_content(source))
        key = f"{stack.name}.template.json"
        client("s3").put_object(Bucket=bucket, Key=key, Body=stack.template.encode())
        url = f"https://s3.{region}.amazonaws.com/{bucket}/{key}"
        outputs[stack.name] = _apply(client("cloudformation"), stack.name, url, timeout)
    return outputs


def destroy(client: Client, folder: Path, *, region: str, timeout: float = 120.0) -> None:
    """Delete the stacks that an assembly has for a Region, the last one first."""
    formation = client("cloudformation")
    for stack in reversed(read_assembly(folder, region)):
        formation.delete_stack(StackName=stack.name)
        _settled(formation, stack.name, timeout, wanted=("DELETE_COMPLETE",))


def _bootstrap(client: Client, bucket: str, region: str) -> None:
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        client("s3").create_bucket(Bucket=bucket, **where)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise
    client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value=_BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )


def _content(source: Path) -> bytes:
    """Return a file as it is; a folder as a zip that is the same for the same content."""
    if source.is_file():
        return source.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(path.relative_to(source)), _EPOCH)
            entry.external_attr = (path.stat().st_mode & 0o777) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return packed.getvalue()


def _apply(formation: Any, name: str, template_url: str, timeout: float) -> dict[str, str]:
    """Create or update a stack. AWS: a template in the request itself has at most 51,200 characters."""
    request = {
        "StackName": name,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    if not _exists(formation, name):
        formation.create_stack(**request)
    elif not _updated(formation, request):
        return _outputs(formation, name)
    _settled(formation, name, timeout, wanted=("CREATE_COMPLETE", "UPDATE_COMPLETE"))
    return _outputs(formation, name)


def _updated(formation: Any, request: Mapping[str, Any]) -> bool:
    """Start an update; False when there is nothing to update."""
    try:
        formation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return False
        raise
    return True


def _exists(formation: Any, name: str) -> bool:
    status = _status(formation, name)
    return status is not None and status != "DELETE_COMPLETE"


def _status(formation: Any, name: str) -> str | None:
    try:
        status: str = formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return status


def _settled(formation: Any, name: str, timeout: float, *, wanted: tuple[str, ...]) -> None:
    deadline = time.monotonic() + timeout
    while True:
        status = _status(formation, name) or "DELETE_COMPLETE"
        if status in wanted:
            return
        if not status.endswith("_IN_PROGRESS"):
            raise DeploymentError(f"stack {name} is {status}: {_reasons(formation, name)}")
        if time.monotonic() > deadline:
            raise DeploymentError(f"stack {name} is still {status} after {timeout:.0f} s")
        time.sleep(_POLL)


def _reasons(formation: Any, name: str) -> str:
    events = formation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [_reason(event) for event in events if event["ResourceStatus"].endswith("_FAILED")]
    return "; ".join(failed) or "no resource says why"


def _reason(event: Mapping[str, Any]) -> str:
    reason = event.get("ResourceStatusReason", "no reason given")
    return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"


def _outputs(formation: Any, name: str) -> dict[str, str]:
    stack = formation.describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
