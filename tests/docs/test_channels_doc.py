"""docs/channels.md shows the message that the product makes, and a receiver that accepts our signature."""

import json
from typing import Any

from hubtriage.aws.deliveries.chat.email import EmailChannel, body
from hubtriage.aws.deliveries.chat.grouping import groups_of
from hubtriage.aws.deliveries.envelope import read_batch
from tests.support.chat_world import CHANNEL, STACK, chat_world, decided, record
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """Return the only block of a language."""
    [_, *parts] = PAGE.split(f"```{language}\n")
    assert len(parts) == 1
    return parts[0].partition("```")[0]


def test_the_message_is_the_one_that_is_sent() -> None:
    events = [decided(number, severity="HIGH" if number < 3 else "LOW") for number in range(41)]
    events.append(decided(99, "reopened", "loud", severity="CRITICAL"))
    batch = read_batch({"Records": [record(event) for event in events]})
    [post] = EmailChannel(None, "topic", STACK).posts(groups_of(batch.events, CHANNEL))  # type: ignore[arg-type]
    lines = [line for line in body(post).splitlines() if not line.startswith("  https://")]
    assert block("text").strip() == "\n".join(lines[:-1]).strip()


def test_the_receiver_accepts_what_is_sent_and_nothing_else() -> None:
    made: dict[str, Any] = {}
    exec(block("python"), made)  # noqa: S102 - it is ours
    with chat_world("webhook") as world:
        world.tell(decided())
        [request] = world.site.control.journal()
        [key] = world.site.secrets.value["signing_keys"]  # type: ignore[index]
    headers, content = request["headers"], request["body"].encode()
    assert made["is_ours"](headers, content, key)
    assert not made["is_ours"](headers, content + b" ", key)
    assert not made["is_ours"]({**headers, "webhook-timestamp": "1"}, content, key)
    assert sorted(json.loads(content)) == ["data", "timestamp", "type"]
