"""The signature of a webhook, by an independent reading of the text of Standard Webhooks.

The text: three headers, `webhook-id`, `webhook-timestamp` (seconds since the epoch), `webhook-signature`.
What is signed is the id, the timestamp and the raw body, joined by full stops. The signature is base64 of an
HMAC with SHA-256 and a key of 24 to 64 bytes, which is written as `whsec_` and its base64. `v1,` comes before
it, and several signatures are separated by spaces.
"""

import base64
import hashlib
import json
import secrets as random_bytes
import time
from typing import Any

import pytest

from hubtriage.aws.deliveries.chat.webhook import signed
from tests.support.chat_world import ChatWorld, chat_world, decided


def hmac_sha256(key: bytes, content: bytes) -> bytes:
    """Return the HMAC as RFC 2104 defines it, without the library that the product uses."""
    block = key.ljust(64, b"\0") if len(key) <= 64 else hashlib.sha256(key).digest().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in block) + content).digest()
    return hashlib.sha256(bytes(each ^ 0x5C for each in block) + inner).digest()


def valid(headers: dict[str, str], body: bytes, key: str) -> bool:
    """Say whether one of the signatures is the key's."""
    content = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    mac = base64.b64encode(hmac_sha256(base64.b64decode(key.split("_", 1)[1]), content)).decode()
    return f"v1,{mac}" in headers["webhook-signature"].split(" ")


def written(size: int = 32) -> str:
    """Return a new key as it is written."""
    return "whsec_" + base64.b64encode(random_bytes.token_bytes(size)).decode()


def sent(world: ChatWorld) -> dict[str, Any]:
    """Return the last request as it came."""
    return world.site.control.journal()[-1]


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_receiver_with_the_key_accepts_what_was_sent(size: int) -> None:
    with chat_world("webhook") as world:
        key = written(size)
        world.site.configure(keys=[key])
        assert isinstance(world.site.secrets.value, dict)
        world.site.secrets.value["signing_keys"] = [key]
        assert world.tell(decided()) == []
        request = sent(world)
        assert valid(request["headers"], request["body"].encode(), key)
        assert not valid(request["headers"], request["body"].encode(), written())
        assert not valid(request["headers"], request["body"].encode() + b" ", key)
        assert abs(int(request["headers"]["webhook-timestamp"]) - time.time()) < 60
        assert request["headers"]["webhook-id"] == json.loads(decided().detail)["id"]


def test_both_keys_sign_while_one_replaces_the_other() -> None:
    with chat_world("webhook") as world:
        old, new = written(), written()
        assert isinstance(world.site.secrets.value, dict)
        world.site.secrets.value["signing_keys"] = [new, old]
        for accepted in (old, new):
            world.site.configure(keys=[accepted])
            assert world.tell(decided(1 if accepted == old else 2)) == []
        request = sent(world)
        assert len(request["headers"]["webhook-signature"].split(" ")) == 2
        assert all(valid(request["headers"], request["body"].encode(), key) for key in (old, new))


def test_the_example_of_the_standard_has_its_signature() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    request = signed("https://x.example", [key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert request.headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_data_is_that_of_the_event_and_small() -> None:
    with chat_world("webhook") as world:
        world.tell(decided(kind="reopened"))
        document = json.loads(sent(world)["body"])
        assert sorted(document) == ["data", "timestamp", "type"]
        assert document["type"] == "hubtriage.reopened"
        assert document["timestamp"] == document["data"]["time"]
        assert len(sent(world)["body"]) < 20_000
