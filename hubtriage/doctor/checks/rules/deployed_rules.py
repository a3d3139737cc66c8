"""Check whether the rules of the folder are the ones in force."""

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict, counted


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
    return Verdict(
        "warning", seen, "deploy them, or name the folder that was deployed with --rules", data=data
    )
