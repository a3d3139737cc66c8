"""What identifies a rule set: where its rules come from, how many there are, and which.

The stack keeps this of the deployed rules in a parameter. AWS: that holds 4,096 characters. So instead of
names it holds a hash of each, and of more than 400 rules the 400 smallest hashes. Whether a hash is among the
smallest has nothing to do with the rule, so two such samples show how many rules of one set the other lacks.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps, loads
from typing import Any, Final
from urllib.parse import quote

MOST_RECORDED: Final = 400
"""Rules whose hash is in the record of a stack."""
MOST_ASKED: Final = 4000
"""The same for the rules that are to be deployed: their hashes travel in a request, which may be larger."""
FORMAT: Final = "1"
NOT_KNOWN: Final = "not known"
_LONGEST: Final = {"folder": 120, "repository": 240, "revision": 60}
_WIDTH = 8
_HIGHEST = "~"  # after every character of a hash
_PLAIN = "/:.@+~ -_()"


class IdentityError(ValueError):
    """A record that this version does not read."""


@dataclass(frozen=True, slots=True)
class RulesIdentity:
    """A rule set by its origin and its rules.

    `folder` is relative to the top of the repository. `repository` is a remote without credentials. Where
    there is none, it is the name of the top folder, and not `is_known`. `committed` (epoch seconds) is when
    the revision was made. `names` holds hashes of rules' names, in order, 8 characters each.
    """

    folder: str
    repository: str
    is_known: bool
    revision: str | None
    committed: int | None
    count: int
    hash: str
    are_samples: bool
    names: str

    @property
    def digests(self) -> list[str]:
        """The hashes of names, in order."""
        return [self.names[at : at + _WIDTH] for at in range(0, len(self.names), _WIDTH)]

    @property
    def is_whole(self) -> bool:
        """Whether there is a hash for every rule."""
        return len(self.names) == self.count * _WIDTH

    @property
    def repository_text(self) -> str:
        """The repository as people read it."""
        return self.repository if self.is_known else f"{self.repository} (no git remote)"

    @property
    def revision_text(self) -> str:
        """The revision as people read it."""
        return self.revision or NOT_KNOWN

    def text(self) -> str:
        """Return all of it on a line, for people."""
        when = "" if self.committed is None else f" of {date_of(self.committed)}"
        rules = "1 rule" if self.count == 1 else f"{self.count:,} rules"
        origin = f"{self.repository_text}, folder {self.folder}, revision {self.revision_text}{when}"
        return f"{rules} ({self.hash}) of {origin}"

    def as_properties(self) -> dict[str, str]:
        """Return the identity as texts by name. Nothing in them means anything to CloudFormation."""
        return {
            "Format": FORMAT,
            "Folder": self.folder,
            "Repository": self.repository,
            "RepositoryKnown": "yes" if self.is_known else "no",
            "Revision": self.revision or "",
            "Committed": "" if self.committed is None else str(self.committed),
            "Rules": str(self.count),
            "Hash": self.hash,
            "Samples": "yes" if self.are_samples else "no",
            "Names": self.names,
        }

    @classmethod
    def from_properties(cls, given: Mapping[str, Any]) -> "RulesIdentity":
        """Read what `as_properties` wrote, and ignore what else is there. Raises IdentityError."""
        try:
            if given["Format"] != FORMAT:
                raise IdentityError(f"format {given['Format']!r} is not known")
            return cls(
                folder=given["Folder"],
                repository=given["Repository"],
                is_known=given["RepositoryKnown"] == "yes",
                revision=given["Revision"] or None,
                committed=int(given["Committed"]) if given["Committed"] else None,
                count=int(given["Rules"]),
                hash=given["Hash"],
                are_samples=given["Samples"] == "yes",
                names=given["Names"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise IdentityError(f"this is no identity of a rule set: {error}") from error

    def as_record(self) -> str:
        """Return what a stack keeps of the rules that are deployed."""
        kept = replace(self, names=self.names[: MOST_RECORDED * _WIDTH])
        return dumps(kept.as_properties(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_record(cls, text: str) -> "RulesIdentity":
        """Read what `as_record` wrote. Raises IdentityError."""
        try:
            given = loads(text)
        except (ValueError, RecursionError) as error:
            raise IdentityError(f"this is no record of a rule set: {error}") from error
        if not isinstance(given, dict):
            raise IdentityError("this is no record of a rule set")
        return cls.from_properties(given)


def identity_of(
    document: Mapping[str, Any],
    *,
    folder: str,
    repository: str,
    is_known: bool,
    committed: int | None,
    are_samples: bool,
) -> RulesIdentity:
    """Return the identity of a compiled rule set. Texts are cut, and made plain."""
    revision = document["revision"]
    return RulesIdentity(
        folder=plain(folder, _LONGEST["folder"]),
        repository=plain(repository, _LONGEST["repository"]),
        is_known=is_known,
        revision=None if revision is None else plain(revision, _LONGEST["revision"]),
        committed=committed,
        count=len(document["rules"]),
        hash=document["hash"],
        are_samples=are_samples,
        names="".join(_digests(rule["id"] for rule in document["rules"])),
    )


def _digests(names: Iterable[str]) -> list[str]:
    """Return the smallest hashes of some names, in order: 48 bits each."""
    hashes = (sha256(name.encode("utf-8", "surrogatepass")).digest()[:6] for name in names)
    return sorted(urlsafe_b64encode(each).decode() for each in hashes)[:MOST_ASKED]


def plain(text: str, most: int) -> str:
    """Return a text of at most so many characters: everything unusual in it is written as in an address.

    Templates and terminals give some characters a meaning, and the text may come from a stranger.
    """
    found = quote(text, safe=_PLAIN, errors="surrogatepass") or "."
    return found if len(found) <= most else f"{found[: most - 3]}..."


def rules_gone(before: RulesIdentity, after: RulesIdentity) -> tuple[int, int]:
    """Return how many of the rules looked at are gone, and how many were looked at: all, or a sample."""
    samples = (each for each in (before, after) if not each.is_whole)
    last = min((each.names[-_WIDTH:] for each in samples), default=_HIGHEST)
    looked_at, there = [name for name in before.digests if name <= last], set(after.digests)
    return sum(name not in there for name in looked_at), len(looked_at)


def date_of(seconds: int) -> str:
    """Return a time to the minute, in UTC."""
    return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M} UTC"
