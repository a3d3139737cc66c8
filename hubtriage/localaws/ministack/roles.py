"""The roles that functions run as, whether policies are evaluated or not.

Without `AUTH=true` ministack gives functions the credentials of the account's root, and the history of a
finding could not tell triage from a person.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from hubtriage.localaws.ministack.internals import module


def run_functions_as_their_roles() -> None:
    """Give each function a session of its role."""
    for name in ("core.lambda_runtime", "services.lambda_svc"):
        module(name).execution_credentials = execution_credentials


def execution_credentials(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables with the credentials of a function. AWS: its session has the function's name."""
    function, role = config["FunctionArn"], config.get("Role", "")
    account, name = function.split(":")[4], role.rpartition("/")[2]
    session = config["FunctionName"][:64]
    digest = sha256(f"{function}:{role}".encode()).hexdigest()
    key, secret, token = f"ASIA{digest[:16].upper()}", f"secret-{digest}", f"token-{digest}"
    registered = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        "UserId": f"{name}:{session}",
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    module("services.sts").register_session(key, registered)
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
