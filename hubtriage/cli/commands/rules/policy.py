"""`hubtriage policy`: what the house policy says, and whether the rules are proved to keep it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.compiler import policy_proofs
from hubtriage.authoring.loader import POLICY_FILE
from hubtriage.authoring.policy.verify import PolicyProofs, PolicyVerdict
from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.inputs.rules import loaded_rules
from hubtriage.cli.locations import Location
from hubtriage.cli.options import now_option
from hubtriage.cli.output import print_document
from hubtriage.cli.project import rules_folder
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.text import counted, quoted
from hubtriage.cli.views.tables import table

_COLUMNS = ("kept", "broken", "not proved")


@click.command(name="policy")
@target_option
@click.argument("rules", default=rules_folder, type=Location(path_type=Path, file_okay=False))
@click.option(
    "--witness",
    metavar="RULE",
    help="Print a finding on which this rule breaks the policy, for `hubtriage explain -`.",
)
@now_option
@click.option("--json", "as_json", is_flag=True, help="Print the verdict on each rule, with its finding.")
def command(rules: Path, witness: str | None, now: float, as_json: bool) -> None:
    """Prove that the rules keep the house policy.

    The policy is the file policy.yaml in RULES, the folder of the rules. For each of its statements about
    findings, the command proves that no possible finding lets a rule break it, or shows such a finding.
    `lint`, `build` and the deployment refuse rules that break the policy or are not proved to keep it.

    Exit codes: 0 all rules keep the policy, or --witness found a finding; 1 some do not, or
    the rules have errors; 2 wrong usage, or there is no policy.
    """
    loaded = loaded_rules(rules)
    if not loaded.policy:
        missing = f"there is no {POLICY_FILE} in {rules.as_posix()}"
        fail(missing, "docs/policy.md shows one", exit_code=UNUSABLE)
    proofs = policy_proofs(loaded, now)
    if witness is not None:
        _print_witness(proofs, witness)
        return
    verdicts = list(proofs.verdicts())
    if as_json:
        print_document(json.dumps([_record(one) for one in verdicts], indent=2, ensure_ascii=False) + "\n")
    else:
        click.echo("\n".join(_text([one.model.id for one in loaded.policy], verdicts)))
    if any(one.outcome != "kept" for one in verdicts):
        raise SystemExit(1)


def _print_witness(proofs: PolicyProofs, rule: str) -> None:
    """Print the first finding on which a rule breaks the policy; end with 1 if there is none."""
    found = [one for one in proofs.verdicts() if one.rule == rule]
    if not found:
        fail(f"the policy has no statement about the rule {rule!r}", exit_code=UNUSABLE)
    shown = next((one.proof.witness for one in found if one.proof and one.proof.witness), None)
    if shown is None:
        fail(f"no finding is known on which {rule} breaks the policy", exit_code=1)
    print_document(json.dumps(shown, indent=2, ensure_ascii=False) + "\n")


def _record(verdict: PolicyVerdict) -> dict[str, Any]:
    proof = verdict.proof
    return {
        "statement": verdict.statement,
        "rule": verdict.rule,
        "outcome": verdict.outcome,
        "message": verdict.message,
        "needed": proof.needed if proof else None,
        "witness": proof.witness if proof else None,
    }


def _text(statements: Sequence[str], verdicts: Sequence[PolicyVerdict]) -> Iterator[str]:
    counts: dict[str, Mapping[str, int]] = {
        name: {
            outcome: sum(one.outcome == outcome for one in verdicts if one.statement == name)
            for outcome in _COLUMNS
        }
        for name in statements
    }
    yield from table(["statement", *_COLUMNS], [[name, *counts[name].values()] for name in statements])
    wrong = [one for one in verdicts if one.outcome != "kept"]
    for one in wrong:
        yield ""
        yield f"{click.style(quoted(one.rule), bold=True)}: {quoted(one.message)}"
    rules = len({one.rule for one in verdicts})
    yield ""
    yield f"{counted(rules, 'rule')} and {counted(len(statements), 'statement')}: " + (
        f"{counted(len(wrong), 'violation')} or missing proofs" if wrong else "the policy is kept"
    )
