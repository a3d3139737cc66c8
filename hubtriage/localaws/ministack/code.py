"""The code of Lambda functions: unpacked once, however many processes run it.

AWS: a function cannot write where its code is. So its processes here can share one folder, in which Python
keeps what it has compiled: a process starts in about half the time.
"""

import hashlib
import shutil
import threading
import zipfile
from pathlib import Path
from typing import Any

from hubtriage.localaws.ministack.internals import module

_UNPACKING = threading.Lock()


def share_code(folder: Path) -> None:
    """Have processes of the same code share what is unpacked in a folder.

    ministack unpacks a function's code again for each process that runs it, and removes it with the process.
    """
    module("core.lambda_runtime").zipfile = _SharedZipFiles(folder)


def hand_out_code() -> None:
    """Have GetFunction name an address of the code that answers, also where ministack serves https alone."""
    functions, tls = module("services.lambda_svc"), module("core.tls")
    named = functions._presigned_code_url

    def address(function: str) -> str:
        plain: str = named(function)
        return f"https{plain.removeprefix('http')}" if tls.use_ssl_enabled() else plain

    functions._presigned_code_url = address


class _SharedZipFiles:
    """What ministack sees as the module `zipfile`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getattr__(self, name: str) -> Any:
        return getattr(zipfile, name)

    def ZipFile(self, file: Any, *rest: Any, **options: Any) -> zipfile.ZipFile:  # noqa: N802 - that module's name
        """Return the archive; the code of a function is unpacked into the shared folder."""
        if isinstance(file, str) and Path(file).name == "code.zip":
            return _FunctionCode(file, self._folder)
        return zipfile.ZipFile(file, *rest, **options)


class _FunctionCode(zipfile.ZipFile):
    """The code of a function, as ministack has stored it for one process."""

    def __init__(self, file: str, folder: Path) -> None:
        super().__init__(file)
        self._shared = folder / hashlib.sha256(Path(file).read_bytes()).hexdigest()

    def extractall(self, path: Any = None, *_rest: Any, **_options: Any) -> None:
        """Put a link to the shared folder in the place of an empty one; unpack it there if it is new."""
        with _UNPACKING:
            if not self._shared.exists():
                begun = self._shared.with_suffix(".begun")
                shutil.rmtree(begun, ignore_errors=True)
                super().extractall(begun)
                begun.rename(self._shared)
        Path(path).rmdir()
        Path(path).symlink_to(self._shared, target_is_directory=True)
