"""Commands about the channels of a deployed stack, to which decisions are sent as messages."""
