"""Findings out of Security Hub itself, page by page, into files that a later run goes on from.

The files stay in a folder of the user's cache that no one else may read. What they hold is as old as the
reading: the command says how old, and `--fresh` reads anew.
"""

import hashlib
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import botocore.session
import click
from botocore.exceptions import BotoCoreError, ClientError

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.securityhub.api import SecurityHubApi
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import PAGE, Fresh, Getter

# AWS: 3 a second and bursts of 6, shared with everybody in the account; one is left to the others.
CALLS_PER_SECOND = 2.0
BURST = 2.0
ACTIVE: Mapping[str, Any] = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}
_STATE = "state.json"

Report = Callable[[str], None]


def live_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options with which a command reads from Security Hub."""
    for option in (
        click.option("--fresh", is_flag=True, help="With --live: read again what was read before."),
        click.option(
            "--cache",
            type=click.Path(path_type=Path, file_okay=False),
            help="With --live: the folder that keeps what was read, for the next run.",
        ),
        click.option(
            "--filters",
            metavar="JSON",
            help="With --live: Filters as GetFindings takes them; all active findings by default.",
        ),
        click.option("--live", is_flag=True, help="Read the findings from Security Hub."),
    ):
        command = option(command)
    return command


class LiveError(Exception):
    """Security Hub could not be read."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far reading has come. `token` leads to the next page; times are epoch seconds."""

    filters: Mapping[str, Any]
    begun: float
    pages: int = 0
    findings: int = 0
    token: str | None = None
    complete: bool = False


class Cache:
    """The files of one query: a page each, and how far reading has come."""

    def __init__(self, folder: Path, filters: Mapping[str, Any]) -> None:
        self.folder = folder
        self._filters = filters

    def standing(self, now: float) -> Standing:
        """Return how far an earlier run came; start anew if there was none or its state is damaged."""
        try:
            standing = Standing(**json.loads((self.folder / _STATE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Standing(self._filters, now)
        whole = all(self._page(number).exists() for number in range(1, standing.pages + 1))
        return standing if whole and standing.filters == self._filters else Standing(self._filters, now)

    def begin(self) -> None:
        """Remove what is there, and make the folder, for the user alone."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in [*self.folder.glob("page-*.jsonl"), self.folder / _STATE]:
            file.unlink(missing_ok=True)

    def add(self, findings: list[Any], token: str | None, before: Standing) -> Standing:
        """Keep a page, then say so: what is said to be there is there also if the run dies in between."""
        after = replace(
            before,
            pages=before.pages + 1,
            findings=before.findings + len(findings),
            token=token,
            complete=not token,
        )
        lines = "".join(json.dumps(finding) + "\n" for finding in findings)
        self._write(self._page(after.pages), lines)
        self._write(self.folder / _STATE, json.dumps(asdict(after)))
        return after

    def files(self, standing: Standing) -> list[Path]:
        """Return the pages, in the order of reading."""
        return [self._page(number) for number in range(1, standing.pages + 1)]

    def _page(self, number: int) -> Path:
        return self.folder / f"page-{number:06}.jsonl"

    @staticmethod
    def _write(path: Path, text: str) -> None:
        aside = path.with_suffix(".new")
        aside.touch(mode=0o600)
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)


def read_live(
    cache: Cache, api: SecurityHubApi, clock: Clock, report: Report, *, fresh: bool = False
) -> Standing:
    """Read all pages of a query into its cache, from where an earlier run stopped.

    A complete cache is not read again, unless `fresh`. Raises LiveError when Security Hub refuses, or
    stays unreachable; what was read until then stays for the next run.
    """
    standing = cache.standing(clock.now())
    if fresh or not standing.pages:
        standing = Standing(standing.filters, clock.now())
        cache.begin()
    getter = Getter(api, TokenBucket(CALLS_PER_SECOND, BURST, clock), Backoff(random.random), clock.monotonic)
    resumed = standing.pages
    while not standing.complete:
        answer = getter.get(_request(standing), float("inf"), Fresh())
        if not isinstance(answer, CallFault):
            standing = cache.add(answer["Findings"], answer.get("NextToken"), standing)
            report(f"{standing.findings:,} findings read")
        elif answer.kind is Fault.REFUSED and resumed and standing.pages == resumed:
            # Only the token of the earlier run can be at fault: it is too old.
            resumed, standing = 0, Standing(standing.filters, clock.now())
            cache.begin()
        else:
            read = f"after {standing.findings:,} findings"
            raise LiveError(f"GetFindings failed {read}: {answer.code}: {answer.message}")
    return standing


def _request(standing: Standing) -> dict[str, Any]:
    request: dict[str, Any] = {"Filters": standing.filters, "MaxResults": PAGE}
    return request | ({"NextToken": standing.token} if standing.token else {})


def cache_of(filters: Mapping[str, Any], root: Path | None = None) -> Cache:
    """Return the cache for these filters, in the account and Region of the current credentials.

    Raises LiveError where the credentials or the Region are missing or refused.
    """
    session = botocore.session.get_session()
    try:
        account = session.create_client("sts").get_caller_identity()["Account"]
        region = session.create_client("securityhub").meta.region_name
    except (BotoCoreError, ClientError) as error:
        raise LiveError(f"AWS credentials or Region: {error}") from error
    digest = hashlib.sha256(json.dumps(filters, sort_keys=True).encode()).hexdigest()[:12]
    return Cache((root or default_root()) / f"{account}-{region}-{digest}", filters)


def default_root() -> Path:
    """Return the folder of all caches."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "hubtriage" / "findings"


def age_in_words(seconds: float) -> str:
    """Return how long ago something was, for people."""
    if seconds < 60:
        return "just now"
    return f"{seconds / 60:.0f} minutes ago" if seconds < 2 * 3600 else f"{seconds / 3600:.0f} hours ago"


def live_files(
    filters: Mapping[str, Any], root: Path | None, report: Report, *, fresh: bool
) -> Iterator[Path]:
    """Yield the files with all findings of a query; read them first if they are not there yet.

    Raises LiveError.
    """
    cache = cache_of(filters, root)
    clock = SystemClock()
    standing = read_live(cache, security_hub(), clock, report, fresh=fresh)
    age = age_in_words(time.time() - standing.begun)
    click.echo(
        f"{standing.findings:,} findings, read {age}, in {cache.folder} (--fresh reads anew)",
        err=True,
    )
    yield from cache.files(standing)
