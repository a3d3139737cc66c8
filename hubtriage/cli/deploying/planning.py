"""What a deployment would do to each stack, read before anything is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubtriage.aws.deployment.identity import RulesIdentity
from hubtriage.aws.deployment.objections import Deployed, objections
from hubtriage.cli.deploying.changes import ChangedRule, Kind, changed_rules, with_holdings
from hubtriage.cli.deploying.deployed import (
    account_of_credentials,
    demand_account,
    holdings_of,
    in_region,
    read_deployed,
    refuse_held_fields,
)
from hubtriage.cli.deploying.lineage import objections_here
from hubtriage.cli.failure import fail
from hubtriage.settings.configuration import Configuration
from hubtriage.settings.origin import rules_identity


@dataclass(frozen=True, slots=True)
class RulesToDeploy:
    """Rules that are in order: their settings, the folder that holds them, and what they compile to."""

    config: Configuration
    folder: Path
    ruleset: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlannedStack:
    """What is about to happen to one stack. `deployed` is None before its first deployment.

    `rules` are those that change. Of `damaged` entries of the ledger it is not known which rules hold them.
    `objections` are reasons to refuse it. With `knows_better` the stack would refuse it by times, although
    git knows that the revision follows from the deployed one.
    """

    account: str
    region: str
    stack: str
    deployed: Deployed | None
    new: RulesIdentity
    rules: Sequence[ChangedRule] = ()
    damaged: int = 0
    objections: tuple[str, ...] = ()
    knows_better: bool = False

    def as_record(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        before = self.deployed
        return {
            "account": self.account,
            "region": self.region,
            "stack": self.stack,
            "first": before is None,
            "deployed": _identity_record(before) if isinstance(before, RulesIdentity) else None,
            "new": _identity_record(self.new),
            "rules": [rule.as_record() for rule in self.rules],
            "damaged_entries": self.damaged,
            "objections": list(self.objections),
        }


def _identity_record(identity: RulesIdentity) -> dict[str, Any]:
    return {
        "repository": identity.repository,
        "repository_known": identity.is_known,
        "folder": identity.folder,
        "revision": identity.revision,
        "rules": identity.count,
        "hash": identity.hash,
        "samples": identity.are_samples,
    }


def planned_stack(given: RulesToDeploy, region: str | None) -> PlannedStack:
    """Return what would change in a Region; None is the one of the AWS credentials.

    End with 2 if the credentials are of another account. End with 1 if something cannot be read, or if the
    ledger holds something in a field that is never to be set.
    """
    stack, new = given.config.stack_name, rules_identity(given.folder, given.ruleset)
    with in_region(region) as name:
        account = account_of_credentials()
        demand_account(given.config.account, account)
        deployed = read_deployed(stack)
        if deployed is None:
            return PlannedStack(account, name, stack, None, new)
        refuse_held_fields(deployed.outputs, given.config.never)
        kinds = _changed(deployed.document, given.ruleset)
        held = holdings_of(deployed.outputs, [rule for rule, kind in kinds.items() if kind != "added"])
    found = objections_here(deployed.identity, new, given.folder)
    return PlannedStack(
        account,
        name,
        stack,
        deployed.identity,
        new,
        with_holdings(kinds, held),
        held.damaged,
        found,
        knows_better=not found and bool(objections(deployed.identity, new)),
    )


def _changed(deployed: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Kind]:
    try:
        return changed_rules(deployed, new)
    except ValueError as error:
        fail(f"the deployed rules cannot be compared: {error}", "deploy once with npx cdk deploy")
