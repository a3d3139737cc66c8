"""Who calls: a signature that AWS checks, instead of a name that the caller claims.

A caller signs a request to STS, GetCallerIdentity, and hands over the signature. The function that sends the
request learns from AWS who signed it, and can do nothing else with it. What the caller asks for is signed
too, as a digest in a header, so a signature serves for that alone. AWS: a signature is taken for minutes
only.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.httpsession import URLLib3Session
from botocore.parsers import ResponseParserError, create_parser
from botocore.session import Session

DIGEST_HEADER = "X-Hubtriage-Hand-Back"
_BODY = "Action=GetCallerIdentity&Version=2011-06-15"
_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[\w/+=-]+, SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=[0-9a-f]{64}",
    re.ASCII,
)
_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_TOKEN = re.compile(r"[\w/+=-]{1,4096}", re.ASCII)
_SIGNED = frozenset({"host", "x-amz-date", DIGEST_HEADER.lower()})
TIMEOUT = 10.0


class ProofError(ValueError):
    """A proof that proves nothing: what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed, as AWS says: the ARN of a user or of a role's session, and its account."""

    arn: str
    account: str


def prove(session: Session, region: str, digest: str) -> dict[str, str]:
    """Sign for a digest with the session's credentials; return what proves it. `region`: of who is to check.

    Raises ProofError without credentials.
    """
    credentials = session.get_credentials()
    if credentials is None:
        raise ProofError("there are no AWS credentials")
    request = AWSRequest("POST", endpoint(session, region), data=_BODY, headers=_headers(digest))
    SigV4Auth(credentials.get_frozen_credentials(), "sts", region).add_auth(request)
    proof = {"authorization": request.headers["Authorization"], "date": request.headers["X-Amz-Date"]}
    token = request.headers.get("X-Amz-Security-Token")
    return proof if token is None else proof | {"token": token}


def endpoint(session: Session, region: str) -> str:
    """Return the address of STS in a Region; who signs and who checks have to use the same."""
    session.set_config_variable("sts_regional_endpoints", "regional")
    plain = Config(use_fips_endpoint=False, use_dualstack_endpoint=False)
    client = session.create_client("sts", region_name=region, config=plain)
    return str(urlsplit(client.meta.endpoint_url)._replace(path="/").geturl())


Send = Callable[[AWSRequest], tuple[int, Mapping[str, str], bytes]]
"""Sends a request; returns status, headers and body of the answer. Raises botocore's errors."""


class Prover:
    """Checks proofs by asking AWS. `url` is that of STS."""

    def __init__(self, session: Session, url: str, send: Send | None = None) -> None:
        model = session.get_service_model("sts").operation_model("GetCallerIdentity")
        self._shape = model.output_shape
        self._parser = create_parser("query")
        self._url = url
        self._send = send or _sender(session)

    def identity(self, proof: object, digest: str) -> Caller:
        """Return who signed for this digest. Raises ProofError; botocore's errors if AWS is not there."""
        headers = _headers(digest) | _signature(proof)
        status, answered, body = self._send(AWSRequest("POST", self._url, data=_BODY, headers=headers))
        answer = self._parsed({"status_code": status, "headers": answered, "body": body})
        if status != 200:
            error = answer.get("Error", {})
            raise ProofError(
                f"AWS does not accept the signature: {error.get('Code')}: {error.get('Message')}"
            )
        return Caller(_text(answer, "Arn"), _text(answer, "Account"))

    def _parsed(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = self._parser.parse(response, self._shape)
        except (KeyError, ResponseParserError):
            raise ProofError("AWS's answer cannot be read") from None
        return answer


def _headers(digest: str) -> dict[str, str]:
    return {"Content-Type": _FORM, DIGEST_HEADER: digest}


def _signature(proof: object) -> dict[str, str]:
    """Return the headers of a proof, if these are what `prove` returns, and what matters is signed."""
    if not isinstance(proof, Mapping):
        raise ProofError("there is no signature")
    authorization = _AUTHORIZATION.fullmatch(_member(proof, "authorization"))
    date, token = _DATE.fullmatch(_member(proof, "date")), proof.get("token")
    if authorization is None or date is None:
        raise ProofError("the signature is not of the form that is taken")
    if missing := _SIGNED - set(authorization["headers"].split(";")):
        raise ProofError(f"the signature leaves out {', '.join(sorted(missing))}")
    headers = {"Authorization": authorization.string, "X-Amz-Date": date.string}
    if token is None:
        return headers
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ProofError("the token is not of the form that is taken")
    return headers | {"X-Amz-Security-Token": token}


def _member(proof: Mapping[str, Any], name: str) -> str:
    value = proof.get(name)
    return value if isinstance(value, str) else ""


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise ProofError(f"AWS's answer has no {name}")
    return value


def _sender(session: Session) -> Send:
    http = URLLib3Session(verify=session.get_config_variable("ca_bundle") or True, timeout=TIMEOUT)

    def send(request: AWSRequest) -> tuple[int, Mapping[str, str], bytes]:
        answer = http.send(request.prepare())
        return answer.status_code, dict(answer.headers), answer.content

    return send
