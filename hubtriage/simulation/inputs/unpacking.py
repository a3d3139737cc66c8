"""Unpack gzip, by its first bytes and not by a name: S3 gives objects of Firehose names without an ending.

Several members one after another are one text. What is packed twice is unpacked twice: CloudWatch Logs packs
what it sends to Firehose, which may pack it again. A small file that unpacks to very much is refused.
"""

import gzip
import io
import zlib
from typing import BinaryIO, cast

from hubtriage.simulation.inputs.json_texts import Readable

MOST_RATIO = 200
"""How many times its size a file may unpack to, beyond FREE. Findings come to about 30."""
FREE = 64 * 2**20
"""Bytes that any file may unpack to."""
MOST_OF_A_RECORD = 16 * 2**20
"""Bytes that the data of one record may unpack to. AWS: CloudWatch Logs and Kinesis stay far below."""
MAGIC = b"\x1f\x8b"
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
_MOST_LAYERS = 2


class GzipBombError(ValueError):
    """Packed bytes that unpack to more than anyone means to."""


class _Counted:
    """A stream whose first bytes can be looked at, and that counts what was read of it."""

    def __init__(self, stream: Readable) -> None:
        self._stream, self._first = stream, b""
        self.count = 0

    def peek(self, size: int) -> bytes:
        """Return the next bytes, fewer only at the end; they stay."""
        while len(self._first) < size and (block := self._stream.read(size - len(self._first))):
            self._first += block
        return self._first[:size]

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes."""
        if self._first:
            taken = self._first if size < 0 else self._first[:size]
            self._first = self._first[len(taken) :]
        else:
            taken = self._stream.read(size)
        self.count += len(taken)
        return taken


class Unpacked:
    """The bytes that a stream holds when it is unpacked; `count` of the packed ones were read."""

    def __init__(self, stream: Readable) -> None:
        self._packed = self._stream = _Counted(stream)
        self._unpacked = 0
        for _ in range(_MOST_LAYERS):
            if self._stream.peek(len(MAGIC)) == MAGIC:
                self._stream = _Counted(gzip.GzipFile(fileobj=cast("BinaryIO", self._stream)))

    @property
    def count(self) -> int:
        """How many bytes of the stream itself were read."""
        return self._packed.count

    def peek(self, size: int) -> bytes:
        """Return the first bytes; they stay. Raises OSError, EOFError or zlib.error."""
        return self._stream.peek(size)

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes. Raises GzipBombError, OSError, EOFError or zlib.error."""
        block = self._stream.read(size)
        if self._stream is not self._packed:
            self._unpacked += len(block)
            if self._unpacked > FREE and self._unpacked > MOST_RATIO * self._packed.count:
                raise GzipBombError(
                    f"it unpacks to more than {MOST_RATIO} times its size; if that is right, unpack it first"
                )
        return block


def unpacked(data: bytes) -> bytes:
    """Return the data of a record, unpacked if it is packed. Raises GzipBombError, or one of DAMAGED."""
    for _ in range(_MOST_LAYERS):
        if not data.startswith(MAGIC):
            break
        data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(MOST_OF_A_RECORD + 1)
        if len(data) > MOST_OF_A_RECORD:
            raise GzipBombError(f"its data unpacks to more than {MOST_OF_A_RECORD // 2**20} MiB")
    return data
