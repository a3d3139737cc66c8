"""Two stacks of one name: the administrator's, and one in the account of a member. They share the findings.

Whoever acts does so by the AWS CLI. Each stack has a ledger of its own, and takes the other for a person.
"""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.e2e.stories import PRODUCT, TriageStory, outlast_doubt
from tests.support import aws_cli
from tests.support.deployed_stack import SHORT_WINDOW, DeployedStack, built_stack

pytestmark = pytest.mark.e2e

MEMBER = "111122223333"
STAYING = """
  - id: another
    match: {GeneratorId: [scenario/another]}
    update: {Confidence: 1}
  - id: one-more
    match: {GeneratorId: [scenario/one-more]}
    update: {Confidence: 1}
"""
"""More than half of the rules: a deployment that ends so many waits for a person."""
ADMINISTRATORS = f"""
rules:{STAYING}
  - id: accepted
    match: {{GeneratorId: [scenario/accepted, scenario/both, scenario/contested]}}
    ceiling: HIGH
    update: {{Workflow: {{Status: SUPPRESSED}}, Note: {{Text: Accepted by the administrator.}}}}
"""
MEMBERS = """
rules:
  - id: known
    match: {GeneratorId: [scenario/known, scenario/both]}
    ceiling: HIGH
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Known to the member.}}
  - id: contested
    match: {GeneratorId: [scenario/contested]}
    override: true
    update: {Workflow: {Status: NOTIFIED}}
"""


class Pair:
    """Both stacks, and a story that is told of the findings that they share."""

    def __init__(self, administrators: DeployedStack, members: DeployedStack) -> None:
        self.administrators, self.members = administrators, members
        self.story = TriageStory("shared", administrators, list)

    def rest(self) -> None:
        """Wait until both have nothing to do, and what comes now is surely later than what they did."""
        for stack in (self.administrators, self.members, self.administrators):
            stack.settle()
        outlast_doubt(self.administrators.cloud)

    def updates(self, finding_id: str) -> Counter[str]:
        """How often each of the stacks updated the finding, by account."""
        answer = self.story.aws(
            "get-finding-history", finding_identifier={"Id": finding_id, "ProductArn": PRODUCT}
        )
        callers = [record["UpdateSource"]["Identity"] for record in answer["Records"]]
        return Counter(caller.split(":")[4] for caller in callers if ":assumed-role/hubtriage-" in caller)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    folder = tmp_path_factory.mktemp("accounts")
    assemblies = {}
    with ThreadPoolExecutor(1) as builder:
        for name, text in (("first", ADMINISTRATORS), ("members", MEMBERS), ("second", f"rules:{STAYING}")):
            (folder / name).mkdir()
            (folder / name / "rules.yaml").write_text(text)
            assemblies[name] = builder.submit(built_stack, folder / name, folder / f"{name}.out")
        yield {name: assembly.result() for name, assembly in assemblies.items()}


@pytest.fixture(scope="module")
def pair(built: dict[str, Path]) -> Iterator[Pair]:
    settings = HubSettings(event_delay=(0.02, 0.2), quotas=False, gathers=True)
    with LocalCloud(settings, batching_window=SHORT_WINDOW) as cloud:
        member = cloud.seen_from(account=MEMBER)
        assert aws_cli.run(member, "aws securityhub enable-security-hub").returncode == 0
        stacks = []
        for seen, name in ((cloud, "first"), (member, "members")):
            (outputs,) = seen.deploy(built[name]).values()
            stacks.append(DeployedStack(seen, outputs))
            stacks[-1].deliver_again_after(5, receives=20)
        made = Pair(*stacks)
        made.rest()
        yield made


def test_they_do_not_undo_each_other_and_each_takes_back_its_own(pair: Pair, built: dict[str, Path]) -> None:
    it, names = pair.story, ("accepted", "known", "both", "contested")
    ids = {name: it.aws_import(name, generator=name)[0] for name in names}
    pair.rest()
    assert it.aws_statuses(*(ids[name] for name in ("accepted", "known", "both"))) == ["SUPPRESSED"] * 3
    for _ in range(4):
        it.aws_refresh(*names)
        pair.rest()
    counts = {name: pair.updates(finding_id) for name, finding_id in ids.items()}
    account = pair.administrators.cloud.account
    assert counts["accepted"] == {account: 1}
    assert counts["known"] == {MEMBER: 1}
    assert counts["both"].total() <= 2
    assert counts["contested"].total() <= 8, "who overrides gives up after three overrulings"
    it.aws_refresh(*names)
    pair.rest()
    assert {name: pair.updates(finding_id) for name, finding_id in ids.items()} == counts

    held_by_members = {key[1] for key in pair.members.ledger()}
    pair.administrators.redeploy(built["second"])
    pair.rest()
    assert it.aws_statuses(ids["accepted"], ids["known"]) == ["NEW", "SUPPRESSED"]
    assert held_by_members == {key[1] for key in pair.members.ledger()}
    it.aws_refresh("known", severity="CRITICAL")
    pair.rest()
    assert it.aws_statuses(ids["known"]) == ["NEW"]
    assert pair.updates(ids["known"]) == {MEMBER: 2}
