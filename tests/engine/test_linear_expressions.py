"""Regular expressions that see findings take time in proportion to what they read, whatever that is.

Those of rules are RE2's. Those of ours are Python's, which can be made to take for ever: so each module that
uses them is either named here with the worst texts, or sees only what the team itself wrote.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import hubtriage
from hubtriage.aws.deliveries.chat.harmless import console_link, harmless
from hubtriage.aws.deliveries.chat.slack import _CODE as _SLACKS_CODE
from hubtriage.aws.deliveries.tickets.desired import _found
from hubtriage.aws.deliveries.tickets.news import _KEY
from hubtriage.aws.deliveries.tickets.products.servicenow import _SYS_ID, _unmarked
from hubtriage.aws.deliveries.tickets.proposal import _ACCOUNT, _plain_name
from hubtriage.aws.hand_back.proof import _AUTHORIZATION, _TOKEN
from hubtriage.aws.ledger.entry_format import read_entry
from hubtriage.aws.ledger.former_roles import _ROLE
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.aws.securityhub.answers import token_of
from hubtriage.aws.securityhub.finding_history import plain_end
from hubtriage.cli.commands.tickets.propose import _DAY
from hubtriage.cli.inputs.console_url import id_in
from hubtriage.cli.publishing.places import _URL
from hubtriage.cli.text import shown
from hubtriage.cli.views.conditions import _NO_WORD
from hubtriage.cli.views.diff.report import _escaped
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.engine.jsonlogic.numbers import leading_number, number_of
from hubtriage.engine.ocsf.readers import _NUMBER
from hubtriage.engine.ocsf.resource_types import asff_type
from hubtriage.engine.pattern import compile_pattern
from hubtriage.engine.planning.payload import why_unsendable
from hubtriage.engine.ruleset.templates import compile_text
from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.engine.text.wildcard import compile_glob, compile_wildcard

SIZE = 200_000
CPU_SECONDS = 3.0
"""A hundred times what the slowest takes here; what grows with the square of the size would take minutes."""

ROOT = Path(hubtriage.__file__).parent
TEAMS_OWN = (
    "asff/",
    "authoring/",
    "interop/",
    "simulation/",
    "packaging/",
    "settings/",
    "cli/commands/rules/import",
    "cli/commands/aws/logs.py",
    "localaws/",
    "doctor/",
    "engine/jsonlogic/operators",
    "aws/sweep/run_lock.py",
)
"""What reads rule files, command lines, our own names, settings, and the local AWS alone."""


def entry(text: str) -> None:
    claims = {"Workflow.Status": {"value": f"sha256:{text}"}}
    with pytest.raises(EntryError):
        read_entry(json.dumps({"format": 1, "claims": claims}), 1)


def in_title(pattern: object) -> Callable[[str], object]:
    matches = compile_pattern({"Title": [pattern]})
    return lambda text: matches({"Title": text})


RE2 = compile_logic({"regex": [{"var": "Title"}, "^((a+)+|(a|a)*)+$"]})
TITLE = compile_text("{finding.Title}", {}, 512, {})

CASES: dict[str, tuple[str, Callable[[str], object]]] = {
    "numbers": ("engine/jsonlogic/numbers.py", number_of),
    "numbers at the start of texts": ("engine/jsonlogic/numbers.py", leading_number),
    "times": ("engine/text/timestamps.py", parse_timestamp),
    "entries of the ledger": ("aws/ledger/entry_format.py", entry),
    "user-defined fields": (
        "engine/planning/payload.py",
        lambda text: why_unsendable(
            {"UserDefinedFields": {text[:128]: text[:1024]}}, ParsedFinding({}), "replace"
        ),
    ),
    "values in notes": ("engine/ruleset/templates.py", lambda text: TITLE({"Title": text})),
    "wildcards": ("engine/text/wildcard.py", compile_wildcard("*a*a*a*a*b*" + "a" * 50)),
    "globs": ("engine/text/wildcard.py", compile_glob("*?a?a?a*?b?*" + "a?" * 50)),
    "texts without regard to case": (
        "engine/pattern/fields.py",
        in_title({"equals-ignore-case": "a" * 100 + "b"}),
    ),
    "ends without regard to case": (
        "engine/pattern/fields.py",
        in_title({"suffix": {"equals-ignore-case": "a" * 100 + "b"}}),
    ),
    "roles in the ledger": ("aws/ledger/former_roles.py", _ROLE.fullmatch),
    "proofs of a hand-back": (
        "aws/hand_back/proof.py",
        lambda text: (_AUTHORIZATION.fullmatch(text), _TOKEN.fullmatch(text)),
    ),
    "Ids in the log": ("aws/securityhub/finding_history.py", plain_end),
    "values on a terminal": ("cli/text.py", shown),
    "URLs of the console": (
        "cli/inputs/console_url.py",
        lambda text: id_in(f"https://x/securityhub?Id=%5Coperator%5C:A\\:{text}&{text}"),
    ),
    "places in S3": ("cli/publishing/places.py", lambda text: _URL.fullmatch(f"s3://{text}")),
    "names of resource types": ("engine/ocsf/resource_types.py", lambda text: asff_type(f"AWS::{text}")),
    "numbers that are texts in OCSF": ("engine/ocsf/readers.py", _NUMBER.fullmatch),
    "texts that look like no text": ("cli/views/conditions.py", _NO_WORD.fullmatch),
    "values in Markdown": ("cli/views/diff/report.py", _escaped),
    "tokens of answers": (
        "aws/securityhub/answers.py",
        lambda text: token_of(f'{{"Findings": [{text}], "NextToken": "{text}'.encode()),
    ),
    "texts in messages": (
        "aws/deliveries/chat/harmless.py",
        lambda text: (harmless(text, SIZE), console_link(f"https://console.aws.amazon.com/{text[:2000]}")),
    ),
    "answers of Slack": ("aws/deliveries/chat/slack.py", _SLACKS_CODE.fullmatch),
    "texts in tickets": ("aws/deliveries/tickets/desired.py", lambda text: _found(text, SIZE)),
    "names of findings in events": ("aws/deliveries/tickets/news.py", _KEY.fullmatch),
    "texts and answers of ServiceNow": (
        "aws/deliveries/tickets/products/servicenow.py",
        lambda text: (_unmarked(f"[{text}["), _unmarked(text.replace("a", "[")), _SYS_ID.fullmatch(text)),
    ),
    "names of proposed rules": (
        "aws/deliveries/tickets/proposal.py",
        lambda text: (_plain_name(text, text), _ACCOUNT.fullmatch(text)),
    ),
    "days of a command line": ("cli/commands/tickets/propose.py", _DAY.fullmatch),
    "regular expressions of rules": ("", lambda text: RE2({"Title": text})),
}  # fmt: skip
TEXTS = {
    "one letter": "a" * SIZE,
    "one letter and then another": "a" * SIZE + "!",
    "digits": "1" * SIZE + "x",
    "digits and points": "1.1e1" * (SIZE // 5),
    "blanks": " " * SIZE + "x",
    "commas": "a, " * (SIZE // 3),
    "dashes": "2026-01-01T" * (SIZE // 11),
    "emoji": "\U0001f480" * (SIZE // 4),
}


@pytest.mark.usefixtures("only_own_garbage")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("reader", [reader for _module, reader in CASES.values()], ids=CASES)
def test_the_longest_finding_is_read_in_no_time(reader: Callable[[str], object], text: str) -> None:
    began = time.process_time()
    reader(text)
    assert time.process_time() - began < CPU_SECONDS


def modules_with_expressions() -> Iterator[str]:
    for path in sorted(ROOT.rglob("*.py")):
        if re.search(r"^\s*(?:import re|from re import)\b", path.read_text(encoding="utf-8"), re.MULTILINE):
            yield path.relative_to(ROOT).as_posix()


def test_every_module_with_expressions_is_held_to_that_or_sees_no_finding() -> None:
    known = {module for module, _reader in CASES.values()}
    assert {name for name in modules_with_expressions() if not name.startswith(TEAMS_OWN)} == known - {""}


def test_no_case_of_a_character_begins_its_other_case() -> None:
    """Else a text compared without regard to case could be read in ever more ways."""
    cases = ((chr(code).lower(), chr(code).upper()) for code in range(sys.maxunicode + 1))
    assert [
        pair
        for pair in cases
        if pair[0] != pair[1] and (pair[0].startswith(pair[1]) or pair[1].startswith(pair[0]))
    ] == []
