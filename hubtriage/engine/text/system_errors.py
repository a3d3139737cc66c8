"""What the system refuses, in the same words everywhere."""

import errno
from collections.abc import Mapping

_WORDS: Mapping[int, str] = {
    errno.ENOENT: "there is no such file or folder",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EISDIR: "this is a folder, not a file",
    errno.ENOTDIR: "this is a file, not a folder",
    errno.EEXIST: "this is there already",
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "no space is left on the disk",
    errno.EROFS: "nothing can be written there",
}


def in_words(error: OSError) -> str:
    """Return what went wrong with a file, without its name and number."""
    return _WORDS.get(error.errno or 0) or error.strerror or str(error)
