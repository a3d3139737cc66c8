"""Pack a folder so that the same content always gives the same bytes."""

import io
import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644
_UNIX = 3


def packed(folder: Path) -> bytes:
    """Return a zip of all files of a folder, sorted by path, without times, owners and modes of this machine.

    Nothing is compressed: other versions of zlib compress the same content to other bytes. Then two people
    who build the same commit could not compare what they have.
    """
    content = io.BytesIO()
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(paths.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _MODE << 16
            archive.writestr(entry, path.read_bytes())
    return content.getvalue()
