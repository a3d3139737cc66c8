"""Read one parameter of AWS Systems Manager without botocore's client, and what writers of parameters need.

The model of that client takes as long to load as most of a cold start. One signed request takes next to
nothing.
"""

import json
import os
from typing import Any, Protocol

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

_DNS_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}
TIMEOUTS = (2.0, 3.0)  # seconds to connect, and to read


class ModeParameters(Protocol):
    """botocore's client of Systems Manager, as far as the breaker uses it."""

    def put_parameter(self, **request: Any) -> Any:
        """Create or set a parameter."""

    def get_parameter(self, **request: Any) -> Any:
        """Read a parameter."""


class ParameterStore(Protocol):
    """The same, as far as the custom resource of the mode uses it."""

    def put_parameter(self, **request: Any) -> Any:
        """Create or set a parameter."""

    def delete_parameter(self, **request: Any) -> Any:
        """Delete a parameter."""


class ParameterError(RuntimeError):
    """The parameter could not be read; the message says which, and what AWS says about it."""


class ParameterReader:
    """Reads the parameter `name` with the environment's credentials, Region and endpoint."""

    def __init__(self, name: str) -> None:
        session = botocore.session.get_session()
        self._name = name
        self._region = session.get_config_variable("region")
        self._credentials = session.get_credentials()
        self._url = _endpoint(session, self._region)
        self._http = URLLib3Session(verify=os.environ.get("AWS_CA_BUNDLE", True), timeout=TIMEOUTS)

    def __call__(self) -> str:
        """Return the value; raises ParameterError."""
        request = AWSRequest(
            method="POST",
            url=self._url,
            data=json.dumps({"Name": self._name}),
            headers={"X-Amz-Target": "AmazonSSM.GetParameter", "Content-Type": "application/x-amz-json-1.1"},
        )
        try:
            SigV4Auth(self._credentials, "ssm", self._region).add_auth(request)
            answer = self._http.send(request.prepare())
            if answer.status_code != 200:
                raise ParameterError(f"{self._name}: {answer.status_code} {answer.text[:200]}")
            return str(json.loads(answer.content)["Parameter"]["Value"])
        except (BotoCoreError, ValueError, LookupError, TypeError) as error:
            raise ParameterError(f"{self._name}: {error}") from error


def _endpoint(session: botocore.session.Session, region: str) -> str:
    """Return the service's address. AWS: the variables name another one, as for every AWS tool."""
    named = os.environ.get("AWS_ENDPOINT_URL_SSM") or os.environ.get("AWS_ENDPOINT_URL")
    if named:
        return named.rstrip("/") + "/"
    suffix = _DNS_SUFFIXES.get(session.get_partition_for_region(region), "amazonaws.com")
    return f"https://ssm.{region}.{suffix}/"
