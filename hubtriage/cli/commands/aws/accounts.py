"""`hubtriage accounts`: the account directory."""

import difflib
import random
from collections.abc import Iterable
from pathlib import Path

import click

from hubtriage.authoring.directory import attributes_changed, merged, rules_that_look_at, written
from hubtriage.authoring.loaded import LoadResult
from hubtriage.authoring.loader import ACCOUNTS_FILE, load_rules
from hubtriage.aws.clock import SystemClock
from hubtriage.aws.organizations import Directory, OrganizationAccount
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.cli.account_options import account_options
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.rules import demand_folder
from hubtriage.cli.options import rules_option
from hubtriage.cli.output import write_file
from hubtriage.cli.problems import print_errors
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS, client
from hubtriage.cli.terminal import note
from hubtriage.cli.text import counted, quoted

NEEDED = (
    "run it in the management account or in a delegated administrator's, with organizations:ListAccounts, "
    "ListParents, DescribeOrganizationalUnit and ListTagsForResource"
)


@click.group(name="accounts")
def command() -> None:
    """Keep the account directory up to date.

    The directory contains what rules can know about an account in addition to its id.
    """


@command.command(name="sync")
@rules_option
@click.option(
    "--tag",
    "tags",
    metavar="KEY[=ATTRIBUTE]",
    multiple=True,
    help="Import only this tag, as this attribute. May be repeated. By default, all tags by their keys.",
)
@account_options()
@click.option("--prune", is_flag=True, help="Also drop attributes that Organizations does not know.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the file would change.")
def sync(folder: Path, tags: tuple[str, ...], prune: bool, check: bool) -> None:
    """Bring accounts.yaml up to date with AWS Organizations: names, organizational units, tags.

    Shows the change as a diff for you to review and commit, and the rules that use what changed. Attributes
    that people wrote stay. Accounts that left the organization are removed.

    Exit codes: 0; 1 the file would change (--check), has errors, or Organizations cannot be read.
    """
    demand_folder(folder)
    loaded = load_rules(folder)
    broken = [problem for problem in loaded.errors if Path(problem.file).name == ACCOUNTS_FILE]
    if broken:
        print_errors(broken)
        raise SystemExit(1)
    found = {account.id: attributes(account, tags) for account in _read()}
    after = merged(loaded.accounts, found, prune=prune)
    path = folder / ACCOUNTS_FILE
    before_text = path.read_text(encoding="utf-8") if path.exists() else ""
    text = before_text if after == loaded.accounts and before_text else written(after, before_text)
    _show_change(path, before_text, text, loaded, attributes_changed(loaded.accounts, after))
    if text != before_text and check:
        raise SystemExit(1)
    if text != before_text:
        write_file(path, text)


def _read() -> list[OrganizationAccount]:
    directory = Directory(client("organizations"), Backoff(random.random), SystemClock())
    accounts = []
    try:
        with progress_bar("accounts") as shown:
            for account in directory.accounts():
                accounts.append(account)
                shown.show(f"{len(accounts):,} accounts")
    except AWS_ERRORS as error:
        fail(f"Organizations: {error}", NEEDED)
    return accounts


def attributes(account: OrganizationAccount, tags: Iterable[str]) -> dict[str, str]:
    """Return what the directory says of an account: its name, its unit, and the wanted tags."""
    wanted = dict(_pair(tag) for tag in tags) or {key: key for key in sorted(account.tags)}
    own = {"name": account.name} | ({"ou": account.unit} if account.unit else {})
    tagged = {wanted[key]: account.tags[key] for key in wanted if key in account.tags}
    return {name: value for name, value in tagged.items() if name not in ("name", "ou")} | own


def _pair(tag: str) -> tuple[str, str]:
    key, _, attribute = tag.partition("=")
    return key, attribute or key


def _show_change(path: Path, before: str, after: str, loaded: LoadResult, changed: set[str]) -> None:
    """Print the diff, and the rules that it concerns."""
    if before == after:
        note(f"{path} is up to date: {counted(len(loaded.accounts), 'account')}")
        return
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(path), str(path), lineterm="", n=1
    )
    for line in lines:
        click.echo(quoted(line))
    concerned = rules_that_look_at(loaded.rules, changed)
    if concerned:
        note(f"rules that use what changed: {', '.join(concerned)}")
