"""Check whether the rules of the folder are the ones in force."""

from collections.abc import Mapping

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, counted
from hubtriage.settings.origin import rules_identity

_NAME_THEM = "name the folder that was deployed with --rules"


def look(account: Account) -> Verdict:
    """Compare the folder with the rule set that the stack's template names."""
    errors = account.folder.errors
    if errors:
        return Verdict(
            "problem",
            f"{counted(len(errors), 'error')} in {account.rules}",
            f"see hubtriage lint {account.rules}",
        )
    document = account.document
    here = f"{len(document['rules'])} in force in {account.rules}"
    if account.deployed is None:
        return Verdict("ok", here)
    there = account.deployed_hash
    data = {"folder": document["hash"], "deployed": there, "revision": document["revision"]}
    if there == document["hash"]:
        return Verdict("ok", f"{here}, as deployed ({there})", data=data)
    seen = f"{here} ({document['hash']}) are not the deployed ones ({there})"
    outputs = account.deployed.outputs
    return Verdict("warning", seen + origin_text(outputs), _advice(account, outputs), data=data)


def origin_text(outputs: Mapping[str, str]) -> str:
    """Return where the deployed rules come from, as far as the stack says so."""
    if "RulesRepository" not in outputs:
        return ""
    return (
        f", which are of {outputs['RulesRepository']}, folder {outputs['RulesFolder']}, "
        f"revision {outputs['RulesRevision']}"
    )


def _advice(account: Account, outputs: Mapping[str, str]) -> str:
    """Return what to do. Rules of another origin are not to be deployed over those that are there."""
    here = rules_identity(account.rules, account.document)
    if here.are_samples:
        return f"these are the sample rules of hubtriage: {_NAME_THEM}"
    if outputs.get("RulesRepository", here.repository_text) != here.repository_text:
        return f"these are of {here.repository_text}: {_NAME_THEM}"
    return f"deploy them if they are newer; otherwise {_NAME_THEM}"
