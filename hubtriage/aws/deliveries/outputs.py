"""Outputs of a stack that name the functions of its channels: the stack writes them, commands read them."""

from collections.abc import Mapping

_PREFIX = "ChannelFunction"
_DASH = "Dash"
"""AWS: the key of an output has letters and digits alone. A channel's name has no capital letter."""


def output_of(channel: str) -> str:
    """Return the key of the output with the ARN of a channel's function."""
    return f"{_PREFIX}{channel.replace('-', _DASH)}"


def channel_functions(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the ARNs of the functions of a stack's channels, by the channel's name."""
    found = {
        key.removeprefix(_PREFIX).replace(_DASH, "-"): arn
        for key, arn in outputs.items()
        if key.startswith(_PREFIX)
    }
    return dict(sorted(found.items()))
