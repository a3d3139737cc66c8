"""A caller's name is what AWS says of a signature, and a signature serves for one request only."""

from typing import Any

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from hubtriage.aws.hand_back.proof import Caller, ProofError, Prover, endpoint, prove

REGION, URL = "eu-west-1", "https://sts.eu-west-1.amazonaws.com/"
ANA = "arn:aws:sts::111122223333:assumed-role/Analyst/ana"
KEYS = {"AKIDANA": (Credentials("AKIDANA", "secret", "token+/="), ANA)}
ANSWER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>{arn}</Arn><UserId>AROA:ana</UserId><Account>{account}</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""
REFUSAL = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>SignatureDoesNotMatch</Code><Message>It does not match.</Message></Error></ErrorResponse>"""


def sts(request: AWSRequest) -> tuple[int, dict[str, str], bytes]:
    """STS, as far as it goes: it signs what it was sent with the caller's secret, and compares."""
    given = request.headers["Authorization"]
    key = given.split("Credential=")[1].split("/")[0]
    credentials, arn = KEYS[key]
    signed = given.split("SignedHeaders=")[1].split(",")[0].split(";")
    again = AWSRequest(request.method, request.url, data=request.data)
    for name, value in request.headers.items():
        if name.lower() in signed and name.lower() != "host":
            again.headers[name] = value
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = SigV4Auth(credentials, "sts", REGION)
    text = signer.string_to_sign(again, signer.canonical_request(again))
    is_right = given.endswith(f"Signature={signer.signature(text, again)}")
    has_token = request.headers.get("X-Amz-Security-Token") == credentials.token
    if not (is_right and has_token):
        return 403, {}, REFUSAL.encode()
    return 200, {}, ANSWER.format(arn=arn, account="111122223333").encode()


def session() -> Any:
    made = botocore.session.get_session()
    made.set_credentials("AKIDANA", "secret", "token+/=")
    return made


PROVER = Prover(session(), URL, sts)


def proof(digest: str = "a" * 64, **changes: Any) -> dict[str, Any]:
    return {**prove(session(), REGION, digest), **changes}


def test_aws_says_who_signed() -> None:
    assert PROVER.identity(proof(), "a" * 64) == Caller(ANA, "111122223333")


def test_both_use_the_address_of_one_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    assert endpoint(session(), REGION) == URL


def test_a_signature_is_of_no_use_for_anything_else() -> None:
    with pytest.raises(ProofError, match="SignatureDoesNotMatch"):
        PROVER.identity(proof(), "b" * 64)


def authorization(change: Any) -> str:
    return str(change(proof()["authorization"]))


WRONG = [
    pytest.param(None, "no signature", id="none"),
    pytest.param("text", "no signature", id="no object"),
    pytest.param({}, "of the form", id="empty"),
    pytest.param(proof(date="today"), "of the form", id="a date that is none"),
    pytest.param(proof(token="a\r\nHost: evil"), "of the form", id="a token that would add a header"),
    pytest.param(proof(token=None), "SignatureDoesNotMatch", id="without its token"),
    pytest.param(
        proof(authorization=authorization(lambda text: text + "\r\nX: y")),
        "of the form",
        id="a second header",
    ),
    pytest.param(
        proof(authorization=authorization(lambda text: text.replace(";x-hubtriage-hand-back", ""))),
        "leaves out x-hubtriage-hand-back",
        id="a signature of GetCallerIdentity, for anyone's use",
    ),
    pytest.param(
        proof(authorization=authorization(lambda text: text[:-4] + "0000")),
        "SignatureDoesNotMatch",
        id="a forged one",
    ),
]


@pytest.mark.parametrize(("given", "reason"), WRONG)
def test_what_proves_nothing_is_refused(given: object, reason: str) -> None:
    with pytest.raises(ProofError, match=reason):
        PROVER.identity(given, "a" * 64)


@pytest.mark.parametrize("body", [b"<A><B></B></A>", b"", b"{}", ANSWER.format(arn="", account="1").encode()])
def test_an_answer_without_a_name_is_none(body: bytes) -> None:
    silent = Prover(session(), URL, lambda _request: (200, {}, body))
    with pytest.raises(ProofError, match="AWS's answer"):
        silent.identity(proof(), "a" * 64)
