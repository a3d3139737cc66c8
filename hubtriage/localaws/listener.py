"""A port of the loopback address that is bound once, and handed down to the process that serves it."""

import os
import socket
from types import TracebackType


class Listener:
    """A bound socket. Connections are refused until a process that inherits it serves it.

    The port is ours from here on: no other process can take it before the server starts, or between two
    servers.

    port: 0 for any that is free. Raises OSError if it cannot be had.
    """

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket()
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.bind(("127.0.0.1", port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]

    @classmethod
    def inherited(cls, descriptor: int) -> "Listener":
        """Return the listener that another process has bound and handed down."""
        listener = cls.__new__(cls)
        listener._socket = socket.socket(fileno=descriptor)
        listener.port = listener._socket.getsockname()[1]
        return listener

    def __enter__(self) -> "Listener":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def descriptor(self) -> int:
        """The number under which a process inherits it, if it is started with that in `pass_fds`."""
        return self._socket.fileno()

    def detached(self) -> int:
        """Return another descriptor of it, for a server in this process; both are to be closed."""
        return os.dup(self._socket.fileno())

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


def port_of(descriptor: int) -> int:
    """Return the port of an inherited listener."""
    inherited = socket.socket(fileno=descriptor)
    port: int = inherited.getsockname()[1]
    inherited.detach()
    return port
