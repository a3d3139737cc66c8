"""`hubtriage renew`: a rule gets another end."""

from pathlib import Path

import click

from hubtriage.authoring.compiler import policy_problems
from hubtriage.authoring.fixing import FixedFile
from hubtriage.authoring.loaded import LoadedRule
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.schema.dates import RuleDate
from hubtriage.authoring.schema.rule import RuleModel
from hubtriage.authoring.yaml.renewal import RenewalError, renewed
from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.inputs.rules import loaded_rules
from hubtriage.cli.options import now_option, rules_option
from hubtriage.cli.output import NotWrittenError, Replacement, replace_files
from hubtriage.cli.problems import print_errors
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.terminal import note
from hubtriage.cli.views.lint import fix_diff
from hubtriage.engine.text.suggestions import did_you_mean

_DAY = "write a day such as 2027-03-31"


@click.command(name="renew")
@target_option
@click.argument("rule")
@click.option("--until", metavar="DATE", required=True, help="The rule's last day in force (UTC).")
@click.option("--ticket", help="Where that was decided.")
@rules_option
@now_option
@click.option("--diff", is_flag=True, help="Only show what would change.")
def command(rule: str, until: str, ticket: str | None, folder: Path, now: float, diff: bool) -> None:
    """Give a rule another end, and perhaps another ticket, in its file.

    Comments and everything else in the file stay as they are. A rule without an end gets one, also where the
    file has a default for it. Nothing is written if the rules then break the house policy.

    Exit codes: 0; 1 the rules have errors, or would break the policy; 2 wrong usage, or the file cannot be
    changed.
    """
    loaded = loaded_rules(folder)
    found = next((one for one in loaded.rules if one.id == rule), None)
    if found is None:
        hint = did_you_mean(rule, [one.id for one in loaded.rules])
        fail(f"there is no rule {rule!r} in {folder.as_posix()}", hint, exit_code=UNUSABLE)
    end = _end(until, now)
    values = {"expires": until} | ({"ticket": ticket} if ticket else {})
    path = Path(found.document.file)
    before = path.read_bytes()
    try:
        after = renewed(found.document.file, before, found.path, values)
    except RenewalError as error:
        fail(f"{found.document.file}: {rule} cannot be renewed here: {error}", exit_code=UNUSABLE)
    _check(folder, found, after, now)
    file = FixedFile(path, before, after, ())
    for line in fix_diff([file]):
        click.echo(line)
    if diff or after == before:
        return
    try:
        replace_files([Replacement(path, folder, before, after)])
    except NotWrittenError as error:
        fail(str(error), "the file was not changed", exit_code=UNUSABLE)
    note(f"{rule} ends on {end.text}; commit it with the approval, then deploy")


def _end(text: str, now: float) -> RuleDate:
    """Return the new end; end with 2 if it is no day to come."""
    try:
        model = RuleModel.model_validate({"id": "r", "terminal": True, "expires": text})
    except ValueError:
        fail(f"--until: {text!r} is not a date", _DAY, exit_code=UNUSABLE)
    if model.expires is None or model.expires.end <= now:
        fail(f"--until: {text} is over", "to end a rule now, delete it", exit_code=UNUSABLE)
    return model.expires


def _check(folder: Path, rule: LoadedRule, after: bytes, now: float) -> None:
    """End with 1 if the rule had errors, or broke the policy, with the new content of its file."""
    path = Path(rule.document.file)
    loaded = load_rules(folder, lambda each: after if each == path else each.read_bytes())
    problems = [*loaded.errors, *policy_problems(loaded, now)]
    mine = [one for one in problems if (one.file, one.path[:2]) == (path.as_posix(), rule.path)]
    if mine:
        print_errors(mine)
        raise SystemExit(1)
