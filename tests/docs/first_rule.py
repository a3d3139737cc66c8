"""The story of a first rule with eight mistakes, told by the commands; `make first-rule` writes it."""

import os
import re
import subprocess
import tempfile
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from hubtriage.cli.main import cli
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "first-rule.md"
FILE = "rules/sandbox-buckets.yaml"
NOW = "2026-11-01"
FIRST = """\
rules:
  - id: sandbox-bucket-logging
    description: Accepted: sandbox buckets hold nothing to audit.
    owner: cloud-platform
    ticket: SEC-1042
    expire: 2027-12-31
    match:
      AwsAccountId: [111122223333]
      Compliance: {SecurityControlID: [{prefx: S3.}]}
    update:
      Workflow: {Status: SUPRESSED}
      Note: {Text: "Accepted until {rule.expires} ({ticket})."}
    tests:
      - name: a sandbox bucket
        finding:
          AwsAccountId: "111122223333"
          Compliance: {SecurityControlId: S3.9}
          Severity: {Label: MEDIUM}
        expect: {Workflow: {Status: SUPPRESSED}}
"""


@dataclass(frozen=True, slots=True)
class Mend:
    """A mistake that is mended by hand: its code, what the message says to write, and the change."""

    code: str
    says: str
    old: str
    new: str


QUOTES = Mend(
    "E002",
    "needs quotes",
    "Accepted: sandbox buckets hold nothing to audit.",
    '"Accepted: sandbox buckets hold nothing to audit."',
)
FIXED = ("E101", "E004", "E207", "E201", "E104")
"""What `lint --fix` mends, in the order of the places."""

PLACEHOLDER = Mend("E302", "`{rule.ticket}`", "({ticket})", "({rule.ticket})")
LACKING = Mend("W312", "{name: ..., finding: {...}, expect: no change}", "", "")
SECOND_TEST = """\
      - name: a bucket in production
        finding: {Compliance: {SecurityControlId: S3.9}, Severity: {Label: MEDIUM}}
        expect: no change
"""

_HEAD = """\
# A first rule

This page shows how a first rule with eight mistakes becomes a good one. Every command here was run, and its
output is real; a test runs them again.
"""


class FirstRuleStory:
    """Runs commands in the present folder and writes down what they say."""

    def __init__(self) -> None:
        self.lines = [_HEAD]

    def say(self, *lines: str) -> None:
        """Add text."""
        self.lines += lines

    def show(self, language: str, text: str) -> None:
        """Add a block."""
        self.say(f"```{language}", text.rstrip("\n"), "```", "")

    def run(self, *arguments: str, code: int, shown: tuple[str, ...] = ()) -> str:
        """Run a command, of which `shown` is what the reader sees; its output is returned, not shown."""
        self.say("```console", f"$ hubtriage {' '.join(shown or arguments)}")
        result = CliRunner().invoke(cli, list(arguments))
        assert result.exit_code == code, result.output
        return re.sub(r"\b[0-9a-f]{12,16}(?=[,)+])", "…", result.output.rstrip("\n"))

    def end(self, *lines: str) -> None:
        """End the block of a command."""
        self.say(*lines, "```", "")


def transcript() -> str:
    """The page; runs in a folder of its own."""
    story = FirstRuleStory()
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        story.end(story.run("init", code=0))
        story.say(f"`init` wrote a rule that is right for everyone. Our own goes into `{FILE}`:", "")
        Path(FILE).write_text(FIRST, encoding="utf-8")
        story.show("yaml", FIRST)
        _mend_all(story)
        story.say("`lint` reports nothing any more. This is the rule now:", "")
        story.show("yaml", Path(FILE).read_text(encoding="utf-8"))
        story.end(story.run("lint", "--strict", "--now", NOW, code=0, shown=("lint", "--strict")))
        story.end(story.run("test", "--require-tests", "--coverage", code=0))
        story.say("What would it do to existing findings?", "")
        said = story.run("backtest", "findings", "--now", NOW, code=0, shown=("backtest", "findings"))
        story.end(said.partition("\n\nBy severity")[0], "...")
        story.say("Before you merge it: which findings get another outcome?", "")
        _commit(".github", "findings", "rules/accounts.yaml", "rules/sample-findings.yaml")
        diff = ("diff", "--against", "HEAD", "findings")
        story.end(story.run(*diff, "--now", NOW, code=1, shown=diff))
        _commit(FILE)
        story.say("And once it is merged:", "")
        story.end(story.run(*diff, "--now", NOW, code=0, shown=diff))
    return "\n".join(story.lines).rstrip("\n") + "\n"


def _mend_all(story: FirstRuleStory) -> None:
    _lint(story, [QUOTES.code])
    _write(story, QUOTES)
    story.say("Now the file can be read, and all other mistakes are shown at once:", "")
    _lint(story, [LACKING.code, *FIXED, PLACEHOLDER.code])
    story.say("Five of them can have been meant in one way only:", "")
    _lint(story, [LACKING.code, PLACEHOLDER.code], "--fix")
    _write(story, PLACEHOLDER)
    path = Path(FILE)
    path.write_text(path.read_text(encoding="utf-8") + SECOND_TEST, encoding="utf-8")
    story.say("Then add the other kind of test.", "")


def _lint(story: FirstRuleStory, codes: list[str], *options: str) -> None:
    """Show what lint says, which is these codes with what to write for those that are mended by hand."""
    said = story.run("lint", *options, "--now", NOW, code="E" in "".join(codes), shown=("lint", *options))
    assert re.findall(r"^rules/\S+: ([EW][0-9]{3}) ", said, re.MULTILINE) == codes, said
    for mend in (QUOTES, PLACEHOLDER, LACKING):
        assert mend.code not in codes or mend.says in said
    story.end(said)


def _write(story: FirstRuleStory, mend: Mend) -> None:
    """Mend a mistake by hand."""
    path = Path(FILE)
    text = path.read_text(encoding="utf-8")
    assert text.count(mend.old) == 1, mend
    path.write_text(text.replace(mend.old, mend.new), encoding="utf-8")
    story.say(f"Write `{mend.new}` for `{mend.old}`.", "")


def _commit(*paths: str) -> None:
    names = (f"GIT_{role}_{part}" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL"))
    nobodys = dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"), os.devnull)
    environment = {**os.environ, **dict.fromkeys(names, "author@example.com"), **nobodys}
    for command in (["init", "-q"], ["add", *paths], ["commit", "-q", "-m", "rules"]):
        subprocess.run(["git", *command], check=True, env=environment)


if __name__ == "__main__":
    PAGE.write_text(transcript(), encoding="utf-8")
