"""Outputs of a stack that name the functions of channels and queues: the stack writes, commands read."""

from collections.abc import Mapping

_CHANNEL, _QUEUE = "ChannelFunction", "QueueFunction"
_DASH = "Dash"
"""AWS: the key of an output has letters and digits alone. A name of ours has no capital letter."""


def output_of(channel: str) -> str:
    """Return the key of the output with the ARN of a channel's function."""
    return _key(_CHANNEL, channel)


def output_of_queue(queue: str) -> str:
    """Return the key of the output with the ARN of the function of a queue of tickets."""
    return _key(_QUEUE, queue)


def channel_functions(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the ARNs of the functions of a stack's channels, by the channel's name."""
    return _named(_CHANNEL, outputs)


def queue_functions(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the ARNs of the functions of a stack's queues of tickets, by the queue's name."""
    return _named(_QUEUE, outputs)


def _key(prefix: str, name: str) -> str:
    return f"{prefix}{name.replace('-', _DASH)}"


def _named(prefix: str, outputs: Mapping[str, str]) -> dict[str, str]:
    found = {
        key.removeprefix(prefix).replace(_DASH, "-"): arn
        for key, arn in outputs.items()
        if key.startswith(prefix)
    }
    return dict(sorted(found.items()))
