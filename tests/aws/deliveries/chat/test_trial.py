"""A test message goes the way of all others, and says which step failed and what to do."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.deliveries.limits import MemoryLimit
from hubtriage.localaws.peers.faults import PeerFault
from tests.support.chat_world import ChatWorld, Invocation, chat_world


@pytest.fixture(params=["slack", "teams", "webhook"])
def world(request: pytest.FixtureRequest) -> Iterator[ChatWorld]:
    """Return a channel of each kind."""
    with chat_world(request.param) as world:
        yield world


def tried(world: ChatWorld) -> dict[str, Any]:
    """Return what the function says after a trial."""
    return world.function()({"notify": "test"}, Invocation())


def test_a_test_message_is_sent(world: ChatWorld) -> None:
    said = tried(world)
    assert (said["sent"], said["failed"], said["channel"], said["kind"]) == (
        True,
        None,
        "sec-chat",
        world.kind,
    )
    assert (said["note"] is not None) == (world.kind == "teams")
    assert len(world.messages()) == 1
    if world.kind == "webhook":
        [delivery] = world.messages()
        assert delivery["event"]["type"] == "hubtriage.notice"
        assert delivery["event"]["data"]["title"] == "hubtriage: test message"
    else:
        assert "This is a test of channel sec-chat." in world.shown()


def test_a_test_message_is_sent_beyond_the_limit(world: ChatWorld) -> None:
    world.limit = MemoryLimit(1)
    tried(world)
    assert tried(world)["sent"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "DecryptionFailure"])
def test_a_secret_that_cannot_be_read(world: ChatWorld, code: str) -> None:
    world.site.secrets.error = code
    said = tried(world)
    assert (said["sent"], said["failed"]) == (False, "secret")
    assert said["reason"] == f"the secret hubtriage/peer cannot be read: {code}"
    assert "the secret must be JSON" in said["hint"]


@pytest.mark.parametrize("value", ["https://hooks.example/x", "[]", {}, {"url": 7}, {"url": " "}])
def test_a_secret_of_another_shape(world: ChatWorld, value: object) -> None:
    world.site.secrets.value = value
    said = tried(world)
    assert (said["sent"], said["failed"]) == (False, "secret")
    assert "hooks.example" not in str(said)


def test_a_signing_key_that_is_none() -> None:
    with chat_world("webhook") as world:
        assert isinstance(world.site.secrets.value, dict)
        world.site.secrets.value["signing_keys"] = ["whsec_short"]
        said = tried(world)
        assert (said["sent"], said["failed"]) == (False, "secret")
        assert "signing key 1 of the secret hubtriage/peer" in said["reason"]


@pytest.mark.parametrize(
    "url", ["http://hooks.example/x", "ftp://hooks.example", "nonsense", "https://u:p@x.y/"]
)
def test_an_address_that_is_none(world: ChatWorld, url: str) -> None:
    assert isinstance(world.site.secrets.value, dict)
    world.site.secrets.value["url"] = url
    said = tried(world)
    assert (said["sent"], said["failed"], said["hint"]) == (
        False,
        "message",
        "check the address in the secret",
    )
    assert url not in str(said)


def test_a_service_that_does_not_answer(world: ChatWorld) -> None:
    assert isinstance(world.site.secrets.value, dict)
    world.site.secrets.value["url"] = "http://127.0.0.1:1/x"
    said = tried(world)
    assert (said["sent"], said["failed"], said["reason"]) == (False, "message", "no connection")
    assert "whether the service is reachable" in said["hint"]


def test_an_answer_that_is_lost(world: ChatWorld) -> None:
    world.site.control.fault(PeerFault("reset", after=True))
    said = tried(world)
    assert (said["sent"], said["failed"]) == (None, "message")


def test_a_dead_address(world: ChatWorld) -> None:
    world.site.act({"slack": "revoke", "teams": "off", "webhook": "remove"}[world.kind])
    said = tried(world)
    assert (said["sent"], said["failed"]) == (False, "message")
    assert "secret" in said["hint"]
    assert said["reason"].startswith(("HTTP 404 Not Found", "HTTP 410 Gone"))


def test_too_many_messages(world: ChatWorld) -> None:
    world.site.control.fault(PeerFault("status", status=429, retry_after=60))
    assert tried(world)["hint"] == "the service limits the rate: try again in a minute"


def test_without_rights_on_the_table(world: ChatWorld) -> None:
    class Denied(MemoryLimit):
        def take(self, now: float) -> bool:  # noqa: ARG002
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "UpdateItem")

    world.limit = Denied(1)
    said = tried(world)
    assert (said["failed"], said["reason"]) == ("table", "DynamoDB: AccessDeniedException")
    assert world.messages() == []


def examined(world: ChatWorld) -> dict[str, Any]:
    """Return what the function says of itself."""
    return world.function()({"notify": "check"}, Invocation())


def test_a_channel_is_examined_without_a_message(world: ChatWorld) -> None:
    said = examined(world)
    assert said == {"channel": "sec-chat", "kind": world.kind, "ready": True, "objections": []}
    assert world.messages() == []


@pytest.mark.parametrize(
    "value", ["[]", {}, {"url": 7}, {"url": "http://hooks.example/x", "signing_keys": []}]
)
def test_an_examination_finds_what_a_secret_lacks_and_shows_nothing_of_it(
    world: ChatWorld, value: object
) -> None:
    world.site.secrets.value = value
    said = examined(world)
    assert not said["ready"]
    assert said["objections"]
    assert "hooks.example" not in str(said)
