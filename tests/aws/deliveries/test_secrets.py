"""Credentials are read seldom, follow rotation, and are never written out."""

import traceback
from typing import Any

import pytest

from hubtriage.aws.deliveries.http import Done, HttpClient, NotDone, Request
from hubtriage.aws.deliveries.secrets import Credentials, SecretError, SecretStore, send_with_secret
from tests.support.outside_services import Secrets, SetClock

VALUE = {"token": " secret-token-1\n", "keys": ["secret-key-1", "secret-key-2"], "port": 5}


@pytest.fixture
def clock() -> SetClock:
    """Return a clock that can be set ahead."""
    return SetClock()


def store_of(secrets: Secrets, clock: SetClock) -> SecretStore:
    """Return a store of the secret."""
    return SecretStore(secrets, "hubtriage/peer", clock)


def test_members_are_read_without_white_space() -> None:
    credentials = Credentials("name", VALUE)
    assert credentials.text("token") == "secret-token-1"
    assert credentials.texts("keys") == ("secret-key-1", "secret-key-2")
    assert credentials.texts("token") == ("secret-token-1",)
    assert (credentials.has("port"), credentials.has("user")) == (True, False)


@pytest.mark.parametrize(
    ("read", "member"),
    [
        pytest.param(lambda each: each.text("user"), "user", id="a text that is missing"),
        pytest.param(lambda each: each.text("port"), "port", id="a text that is a number"),
        pytest.param(lambda each: each.text("keys"), "keys", id="a text that is a list"),
        pytest.param(lambda each: each.texts("port"), "port", id="a list that is a number"),
    ],
)
def test_what_is_missing_is_named_and_nothing_shown(read: Any, member: str) -> None:
    with pytest.raises(SecretError) as raised:
        read(Credentials("hubtriage/peer", VALUE))
    assert "hubtriage/peer" in str(raised.value)
    assert f'"{member}"' in str(raised.value)
    assert "secret-" not in str(raised.value)


@pytest.mark.parametrize(
    "value", ["secret-token-1", "[1]", '{"token": "secret-token-1"', "[" * 100_000, None]
)
def test_a_value_that_is_no_object_is_not_shown(value: Any, clock: SetClock) -> None:
    secrets = Secrets(value if value is not None else ["x"])
    with pytest.raises(SecretError, match="must be a JSON object") as raised:
        store_of(secrets, clock).credentials()
    assert "secret-token" not in "".join(traceback.format_exception(raised.value))


def test_a_value_is_kept_for_five_minutes(clock: SetClock) -> None:
    secrets = Secrets(VALUE)
    store = store_of(secrets, clock)
    for ahead in (0, 100, 299):
        clock.ahead = ahead
        store.credentials()
    assert secrets.reads == 1
    clock.ahead = 302
    secrets.value = {"token": "new-token"}
    assert store.credentials().text("token") == "new-token"


def test_an_old_value_serves_while_none_can_be_read(clock: SetClock) -> None:
    secrets = Secrets(VALUE)
    store = store_of(secrets, clock)
    store.credentials()
    secrets.error, clock.ahead = "InternalServiceError", 400
    assert store.credentials().text("token") == "secret-token-1"
    assert store.credentials().text("token") == "secret-token-1"
    assert secrets.reads == 2


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "DecryptionFailure"])
def test_a_secret_that_cannot_be_read_says_why(code: str, clock: SetClock) -> None:
    secrets = Secrets(VALUE)
    secrets.error = code
    with pytest.raises(SecretError, match=f"hubtriage/peer cannot be read: {code}"):
        store_of(secrets, clock).credentials()


def test_no_text_of_a_secret_shows() -> None:
    credentials = Credentials("name", VALUE)
    assert "secret-" not in f"{credentials!r} {credentials} {[credentials]}"
    assert credentials.redact("said secret-token-1 and secret-key-2") == "said (secret) and (secret)"
    assert Credentials("name", {"a": "it"}).redact("with it") == "with it"


class Service(HttpClient):
    """A service that takes one token, and counts what it was asked."""

    def __init__(self, token: str) -> None:
        super().__init__(local=True)
        self.token = token
        self.asked: list[str] = []

    def send(self, request: Request) -> Done | NotDone:
        """Refuse any other token."""
        given = request.headers["token"]
        self.asked.append(given)
        return Done(200) if given == self.token else NotDone("no", True, None, 401)


def with_token(credentials: Credentials) -> Request:
    """Return a request with the token."""
    return Request("GET", "https://example.com", {"token": credentials.text("token")})


def test_refused_credentials_are_read_again_once(clock: SetClock) -> None:
    secrets = Secrets({"token": "old-one"})
    store, service = store_of(secrets, clock), Service("old-one")
    assert isinstance(send_with_secret(service, store, with_token), Done)
    service.token, clock.ahead = "new-one", 60
    assert isinstance(send_with_secret(service, store, with_token), NotDone)
    assert service.asked == ["old-one", "old-one"], "nothing has changed, so nothing is sent again"
    secrets.value, clock.ahead = {"token": "new-one"}, 120
    assert isinstance(send_with_secret(service, store, with_token), Done)
    assert service.asked[2:] == ["old-one", "new-one"]


def test_a_token_that_expired_does_not_cost_a_read_with_each_request(clock: SetClock) -> None:
    secrets = Secrets({"token": "old-one"})
    store, service = store_of(secrets, clock), Service("new-one")
    for _ in range(50):
        assert isinstance(send_with_secret(service, store, with_token), NotDone)
    assert secrets.reads == 1
