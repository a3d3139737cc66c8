"""Why a rule set may not take the place of the one that is deployed. Pure.

| deployed | to be deployed | refused |
|---|---|---|
| nothing | anything | no |
| the same rules, whatever their origin | | no |
| the sample rules | anything | no: nothing of one's own is lost |
| anything else, or what is not known | the sample rules | yes |
| rules that are not known | rules of one's own | no |
| rules of a repository | of another one, or one that is not known | yes |
| of a repository that is not known | of one that is known | no |
| of a repository that is not known | of one that is not known either | if the folders' names differ |
| a revision | an earlier one of the same repository | yes |
| rules | more than half of them are gone | yes |
"""

from collections.abc import Iterator
from enum import Enum
from typing import Final

from hubtriage.aws.deployment.identity import RulesIdentity, date_of, rules_gone

HOW: Final = (
    "If that is meant, say so once: `hubtriage deploy --replace`, "
    "`npx cdk deploy -c hubtriage:replace=true` or `hubtriage package --replace`. "
    "See docs/deploying.md, What a deployment may not replace."
)


class NoIdentity(Enum):
    """What is deployed where there is no identity of it."""

    NOTHING = "nothing is deployed"
    UNKNOWN = "rules of which nothing is known: an earlier version of hubtriage deployed them"


Deployed = RulesIdentity | NoIdentity


def objections(deployed: Deployed, new: RulesIdentity, *, by_time: bool = True) -> tuple[str, ...]:
    """Return a text for each reason to refuse.

    `by_time`: the times of commits say which of two revisions is the earlier one. Where both commits are at
    hand, git knows better.
    """
    if isinstance(deployed, NoIdentity):
        is_refused = deployed is NoIdentity.UNKNOWN and new.are_samples
        return (_samples_over(deployed.value),) if is_refused else ()
    if new.hash == deployed.hash or deployed.are_samples:
        return ()
    if new.are_samples:
        return (_samples_over(f"{_rules(deployed.count)} of {deployed.repository_text}"),)
    return tuple(_between(deployed, new, by_time=by_time))


def refusal(found: tuple[str, ...], deployed: Deployed, new: RulesIdentity) -> str:
    """Return the text of a refusal: why, what is deployed, what would be, and what to write instead."""
    there = deployed.value if isinstance(deployed, NoIdentity) else deployed.text()
    return f"refused: {'; '.join(found)}. Deployed: {there}. To be deployed: {new.text()}. {HOW}"


def _samples_over(what: str) -> str:
    return f"the sample rules of hubtriage would replace {what}"


def _between(deployed: RulesIdentity, new: RulesIdentity, *, by_time: bool) -> Iterator[str]:
    if _is_other(deployed, new):
        yield f"they are of {new.repository_text}, and the deployed ones of {deployed.repository_text}"
    elif by_time and deployed.committed and new.committed and new.committed < deployed.committed:
        yield (
            f"revision {new.revision_text} of {date_of(new.committed)} is earlier than the deployed "
            f"{deployed.revision_text} of {date_of(deployed.committed)}"
        )
    gone, looked_at = rules_gone(deployed, new)
    if 2 * gone > looked_at:
        yield _gone_text(gone, looked_at, deployed)


def _is_other(deployed: RulesIdentity, new: RulesIdentity) -> bool:
    """Say whether rules are of another repository. One that is not known is not taken for the same."""
    if deployed.is_known or new.is_known:
        return deployed.is_known and (
            not new.is_known or new.repository.casefold() != deployed.repository.casefold()
        )
    return new.repository != deployed.repository


def _gone_text(gone: int, looked_at: int, deployed: RulesIdentity) -> str:
    if looked_at == deployed.count:
        return f"{gone:,} of the {_rules(deployed.count)} that are deployed are gone, more than half"
    part = round(100 * gone / looked_at)
    return f"about {part} % of the {_rules(deployed.count)} that are deployed are gone, more than half"


def _rules(count: int) -> str:
    return "1 rule" if count == 1 else f"{count:,} rules"
