"""Check whether the rules of the folder are the ones in force."""

import json

from hubtriage.authoring.compiler import git_revision, ruleset_document
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import UncheckedError, Verdict, counted

_SWEEP_TYPE = "Custom::HubtriageSweep"
"""The resource that starts a sweep if the hash of the rule set changes; the hash is its property."""


def look(account: Account) -> Verdict:
    """Compare the folder with the rule set that the stack's template names."""
    errors = account.folder.errors
    if errors:
        return Verdict(
            "problem",
            f"{counted(len(errors), 'error')} in {account.rules}",
            f"see hubtriage lint {account.rules}",
        )
    document = ruleset_document(account.loaded, revision=git_revision(account.rules))
    here = f"{len(document['rules'])} in force in {account.rules}"
    deployed = account.deployed
    if deployed is None:
        return Verdict("ok", here)
    there = _deployed_hash(account)
    data = {"folder": document["hash"], "deployed": there, "revision": document["revision"]}
    if there == document["hash"]:
        return Verdict("ok", f"{here}, as deployed ({there})", data=data)
    seen = f"{here} ({document['hash']}) are not the deployed ones ({there})"
    return Verdict(
        "warning", seen, "deploy them, or name the folder that was deployed with --rules", data=data
    )


def _deployed_hash(account: Account) -> str:
    answer = account.client("cloudformation").get_template(StackName=account.stack)
    template = answer["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    for resource in template["Resources"].values():
        if resource["Type"] == _SWEEP_TYPE:
            return str(resource["Properties"]["RulesetHash"])
    raise UncheckedError(
        f"{account.stack} does not say which rules it has", "deploy this version of hubtriage"
    )
