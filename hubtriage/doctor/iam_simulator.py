"""Ask IAM's simulator what a role or user may do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import UncheckedError


@dataclass(frozen=True, slots=True)
class Denied:
    """An action that is not allowed on a resource, and by what."""

    action: str
    resource: str
    by: str

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}: {self.by}"


def denied(account: Account, principal: str, wanted: Mapping[str, tuple[str, ...]]) -> list[Denied]:
    """Return the actions, by resource, that a user or role (ARN) may not take.

    AWS: the simulator reads the principal's policies, its boundary, and what its organization allows. It does
    not read policies of resources.
    """
    iam = account.client("iam")
    found: list[Denied] = []
    for resource, actions in wanted.items():
        answer = iam.simulate_principal_policy(
            PolicySourceArn=principal, ActionNames=list(actions), ResourceArns=[resource]
        )
        found += _denied(answer["EvaluationResults"], resource)
    return found


def _denied(results: list[dict[str, Any]], resource: str) -> Iterator[Denied]:
    for result in results:
        if result["EvalDecision"] != "allowed":
            yield Denied(result["EvalActionName"], resource, _by(result))


def _by(result: Mapping[str, Any]) -> str:
    organization = result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True)
    boundary = result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True)
    if not organization:
        return "a service control policy of the organization denies it"
    if not boundary:
        return "the permission boundary does not allow it"
    explicit = result["EvalDecision"] == "explicitDeny"
    return "a policy denies it" if explicit else "no policy allows it"


def principal_of(account: Account) -> str | None:
    """Return the user or role whose policies count for the caller; None for the root, who may do all.

    AWS: the ARN of a session leaves out the path of its role. Raises UncheckedError for a federated user.
    """
    arn = account.identity.arn
    kind = arn.split(":")[5].split("/")[0]
    if kind == "root":
        return None
    if kind == "user":
        return arn
    if kind != "assumed-role":
        raise UncheckedError(f"{arn} is neither a user nor a role", "run it as one")
    role = account.client("iam").get_role(RoleName=arn.split("/")[1])
    return str(role["Role"]["Arn"])
