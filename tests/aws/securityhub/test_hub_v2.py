"""Security Hub V2 behind the operations of Security Hub: naming, checking, answers, reading."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from hubtriage.aws.securityhub.answers import UNPARSED
from hubtriage.aws.securityhub.api import WholeApi, identifier, key_of
from hubtriage.aws.securityhub.authorship import Authorship, History
from hubtriage.aws.securityhub.faults import Fault, Handling, call_fault, handling
from hubtriage.aws.securityhub.hub_v2 import BothHubs, V2Finding, asking_for, flaw_of
from hubtriage.aws.securityhub.namesakes import Owners
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import FoundFindings, Reader
from hubtriage.aws.securityhub.sending import Receipt, Sender, Traffic
from hubtriage.engine.excerpt import Excerpt
from hubtriage.engine.planning.batches import Call
from tests.support.hub_v2_world import ocsf, uid
from tests.support.triage_world import FOREVER, backoff, key
from tests.support.v2_triage_world import V2TriageWorld, v2_key

HIDE = {"StatusId": 3, "Comment": "Accepted."}


def send(world: V2TriageWorld, *calls: Call) -> tuple[Mapping[Any, Receipt], Traffic]:
    budget = TokenBucket(1000.0, 1000.0, world.clock)
    sender = Sender(world.api, budget, backoff(), world.clock.monotonic)
    return sender.send(calls, FOREVER, lambda _keys, _receipt: None)


def call(payload: Mapping[str, Any], *numbers: int) -> Call:
    return Call(payload, tuple(identifier(v2_key(number)) for number in numbers))


def reader(world: V2TriageWorld) -> Reader:
    return Reader(world.api, TokenBucket(1000.0, 1000.0, world.clock), backoff(), world.clock.monotonic)


def error_of(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "BatchUpdateFindingsV2")


class Answering:
    """A client whose V2 operations give one answer."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.answer = answer

    def batch_update_findings_v2(self, **_request: Any) -> Mapping[str, Any]:
        return self.answer


def answered(answer: Mapping[str, Any], *numbers: int) -> Mapping[str, Any]:
    api: Any = Answering(answer)
    named = [identifier(v2_key(number)) for number in numbers]
    return BothHubs(api).batch_update_findings(FindingIdentifiers=named, **HIDE)


def test_an_update_of_v2_goes_there_by_uid_and_is_answered_by_key() -> None:
    world = V2TriageWorld(1, v2=(1, 2))
    receipts, _traffic = send(world, call(HIDE, 1, 2))
    assert {at: receipt.status for at, receipt in receipts.items()} == {v2_key(1): "sent", v2_key(2): "sent"}
    assert (world.status_of(1), world.ocsf(2)["comment"]) == (3, "Accepted.")
    assert world.calls("BatchUpdateFindings") == 0
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}


def test_an_update_of_the_other_hub_is_left_as_it_is() -> None:
    world = V2TriageWorld(1, v2=(1,))
    send(world, Call({"Workflow": {"Status": "SUPPRESSED"}}, (identifier(key(0)),)))
    assert (world.suppressed([0]), world.status_of(1)) == ([0], 1)


@pytest.mark.parametrize("answers", ["asked", "both"])
def test_findings_that_are_not_updated_end_each_for_its_reason(answers: str) -> None:
    world = V2TriageWorld(v2=(1, 2, 3), v2_settings={"answers": answers})
    world.fault(operation="BatchUpdateFindingsV2", finding_error="ValidationException", finding=uid(2))
    receipts, traffic = send(world, call(HIDE, 1, 2, 9))
    assert {at: receipt.status for at, receipt in receipts.items()} == {
        v2_key(1): "sent",
        v2_key(2): "poison",
        v2_key(9): "not found",
    }
    assert not traffic.unknown


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ConflictException", Handling.RETRY),
        ("InternalServerException", Handling.RETRY),
        ("ResourceNotFoundException", Handling.NOT_FOUND),
        ("ValidationException", Handling.POISON),
    ],
)
def test_the_codes_of_v2_are_known(code: str, expected: Handling) -> None:
    assert handling(code) is expected


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ConflictException", 409, Fault.TRANSIENT),
        ("InternalServerException", 500, Fault.TRANSIENT),
        ("ThrottlingException", 429, Fault.THROTTLED),
        ("ValidationException", 400, Fault.REFUSED),
        ("AccessDeniedException", 403, Fault.DENIED),
    ],
)
def test_the_exceptions_of_v2_are_known(code: str, status: int, kind: Fault) -> None:
    assert call_fault(error_of(code, status)).kind is kind


@pytest.mark.parametrize("error", ["ConflictException", "ThrottlingException", "InternalServerException"])
def test_a_call_that_fails_for_a_while_is_made_again(error: str) -> None:
    world = V2TriageWorld(v2=(1,))
    world.fault(operation="BatchUpdateFindingsV2", error=error, times=2)
    receipts, _traffic = send(world, call(HIDE, 1))
    assert (receipts[v2_key(1)].status, world.status_of(1)) == ("sent", 3)


class Denying:
    """A client that may not write to V2, and to which one finding of CSPM is wrong."""

    def __init__(self, wrong: int) -> None:
        self._wrong = identifier(key(wrong))

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        if self._wrong in request["FindingIdentifiers"]:
            raise error_of("InvalidInputException", 400)
        return {"ProcessedFindings": request["FindingIdentifiers"], "UnprocessedFindings": []}

    def batch_update_findings_v2(self, **_request: Any) -> Mapping[str, Any]:
        raise error_of("AccessDeniedException", 403)


def test_what_one_hub_forbids_does_not_keep_the_other_from_being_halved() -> None:
    """All parts of many calls to V2 are denied. One that spoils a call to CSPM is found all the same."""
    world, denying = V2TriageWorld(), cast("WholeApi", Denying(5))
    world.api = BothHubs(denying)  # type: ignore[assignment]
    of_v2 = [call({"Comment": f"{at}."}, 2 * at, 2 * at + 1) for at in range(20)]
    of_cspm = Call({"Workflow": {"Status": "SUPPRESSED"}}, tuple(identifier(key(at)) for at in range(64)))
    receipts, _traffic = send(world, *of_v2, of_cspm)
    assert {receipts[v2_key(at)].status for at in range(40)} == {"unsent"}
    assert [at for at in range(64) if receipts[key(at)].status != "sent"] == [5]


@pytest.mark.parametrize(
    ("uids", "values", "flaw"),
    [
        pytest.param([], HIDE, "a call has 1 to 100 findings, not 0", id="no finding"),
        pytest.param(map(uid, range(101)), HIDE, "not 101", id="too many findings"),
        pytest.param([uid(1), uid(1)], HIDE, "names no finding twice", id="a finding twice"),
        pytest.param([uid(1)], {}, "sets something", id="nothing to set"),
        pytest.param([uid(1)], {"Workflow": {}}, "cannot set Workflow", id="a field of the other hub"),
        pytest.param([uid(1)], {"StatusId": 6}, "StatusId cannot be 6", id="Deleted"),
        pytest.param([uid(1)], {"StatusId": True}, "cannot be True", id="a boolean"),
        pytest.param([uid(1)], {"StatusId": "3"}, "cannot be '3'", id="a text"),
        pytest.param([uid(1)], {"StatusId": 3.0}, "cannot be 3.0", id="a number with a point"),
        pytest.param([uid(1)], {"SeverityId": 7}, "SeverityId cannot be 7", id="no such severity"),
        pytest.param([uid(1)], {"Comment": "c" * 513}, "Comment cannot be", id="a comment that is too long"),
        pytest.param([uid(1)], {"Comment": " \n"}, "Comment cannot be", id="a blank comment"),
    ],
)
def test_what_aws_would_not_take_is_not_sent(uids: Sequence[str], values: dict[str, Any], flaw: str) -> None:
    assert flaw in (flaw_of(list(uids), values) or "")


@pytest.mark.parametrize(
    "values",
    [{"StatusId": 0}, {"StatusId": 99}, {"SeverityId": 0}, {"SeverityId": 6}, {"Comment": "c" * 512}],
)
def test_what_aws_takes_is_sent(values: dict[str, Any]) -> None:
    assert flaw_of([uid(1)], values) is None


def test_a_flaw_refuses_the_call_before_it_is_made() -> None:
    world = V2TriageWorld(v2=(1,))
    receipts, _traffic = send(world, call({"StatusId": 6}, 1))
    assert (receipts[v2_key(1)].status, receipts[v2_key(1)].is_refusal) == ("poison", True)
    assert world.calls("BatchUpdateFindingsV2") == 0


def test_a_call_has_findings_of_one_hub() -> None:
    world = V2TriageWorld(1, v2=(1,))
    with pytest.raises(ParamValidationError, match="one hub"):
        world.api.batch_update_findings(
            FindingIdentifiers=[identifier(key(0)), identifier(v2_key(1))], **HIDE
        )
    assert world.calls("BatchUpdateFindings") == world.calls("BatchUpdateFindingsV2") == 0


TRIPLE = {"CloudAccountUid": "1", "FindingInfoUid": "x", "MetadataProductUid": "p"}


def test_an_answer_by_the_other_name_that_is_complete_counts() -> None:
    """AWS does not say by which of its names a finding is answered."""
    answer = answered(
        {"ProcessedFindings": [{"FindingIdentifier": TRIPLE}] * 2, "UnprocessedFindings": []}, 1, 2
    )
    assert list(map(key_of, answer["ProcessedFindings"])) == [v2_key(1), v2_key(2)]


def test_an_error_that_all_have_counts_whatever_their_names_and_order() -> None:
    unnamed = {"FindingIdentifier": TRIPLE, "ErrorCode": "ConflictException"}
    answer = answered({"ProcessedFindings": [], "UnprocessedFindings": [unnamed] * 2}, 1, 2)
    assert list(map(key_of, answer["UnprocessedFindings"])) == [v2_key(1), v2_key(2)]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"ProcessedFindings": [{"FindingIdentifier": TRIPLE}]}, id="one of two"),
        pytest.param(
            {
                "ProcessedFindings": [{"FindingIdentifier": TRIPLE}],
                "UnprocessedFindings": [{"FindingIdentifier": TRIPLE, "ErrorCode": "ConflictException"}],
            },
            id="one of each",
        ),
        pytest.param(
            {
                "ProcessedFindings": [],
                "UnprocessedFindings": [
                    {"FindingIdentifier": TRIPLE, "ErrorCode": code}
                    for code in ("ResourceNotFoundException", "ConflictException")
                ],
            },
            id="two with different errors",
        ),
        pytest.param({"ProcessedFindings": ["?", None, 1]}, id="no objects"),
    ],
)
def test_an_answer_that_does_not_name_a_finding_says_nothing_of_it(answer: dict[str, Any]) -> None:
    shown = answered(answer, 1, 2)
    assert shown["ProcessedFindings"] == []
    assert not shown.get("UnprocessedFindings")


def test_an_answer_that_contradicts_itself_says_nothing() -> None:
    unnamed = {"FindingIdentifier": TRIPLE, "ErrorCode": "ConflictException"}
    shown = answered({"ProcessedFindings": [unnamed], "UnprocessedFindings": [unnamed]}, 1)
    assert shown == {"ProcessedFindings": [], "UnprocessedFindings": []}


def test_an_answer_that_was_cut_off_stays_one_without_members() -> None:
    assert answered({"ResponseMetadata": {}}, 1) == {"ResponseMetadata": {}}


def test_a_view_and_the_finding_of_the_same_signal_have_keys_of_their_own() -> None:
    view = V2Finding(ocsf(1))
    assert key_of(view) == v2_key(1)
    assert view.ocsf == ocsf(1)
    unnamed = V2Finding(ocsf(1, metadata={"product": {"uid": "p"}}))
    assert key_of(unnamed) != key_of({"ProductArn": unnamed["ProductArn"], "Id": unnamed["Id"]})


def test_findings_of_both_hubs_are_read_in_their_order_and_never_in_one_call() -> None:
    world = V2TriageWorld(30, v2=range(1, 31))
    keys = [each for number in range(30) for each in (v2_key(number + 1), key(number))]
    fresh = reader(world).read([*keys, v2_key(99)], FOREVER)
    assert set(fresh.found) == set(keys)
    assert fresh.missing == {v2_key(99)}
    assert (world.calls("GetFindings"), world.calls("GetFindingsV2"), fresh.calls) == (2, 2, 4)
    assert fresh.found[v2_key(3)]["Workflow"] == {"Status": "NEW"}


def test_a_whole_finding_of_v2_is_kept_in_ocsf_and_an_excerpt_as_a_view() -> None:
    whole, some = FoundFindings(), FoundFindings(frozenset({"Severity", "Ocsf"}))
    for found in (whole, some):
        found.add(v2_key(1), V2Finding(ocsf(1)))
    kept = whole[v2_key(1)]
    assert isinstance(kept, V2Finding)
    assert (kept.ocsf, key_of(kept)) == (ocsf(1), v2_key(1))
    part = some[v2_key(1)]
    assert isinstance(part, Excerpt)
    assert (set(part), part.rest.most) == ({"Severity", "Ocsf"}, 0)


@pytest.mark.parametrize(("most", "is_read"), [(1, True), (2, False)])
def test_a_lone_finding_is_parsed_however_large_its_answer_is(most: int, is_read: bool) -> None:
    class Large:
        def get_findings_v2(self, **_request: Any) -> Mapping[str, Any]:
            return {UNPARSED: json.dumps({"Findings": [ocsf(1)]}).encode()}

    answer = BothHubs(cast("WholeApi", Large())).get_findings(**asking_for([uid(1)]), MaxResults=most)
    assert (UNPARSED in answer, list(map(key_of, answer.get("Findings", ())))) == (
        not is_read,
        [v2_key(1)] * is_read,
    )


def test_a_finding_of_v2_has_no_history_and_no_call_asks_for_one() -> None:
    world = V2TriageWorld(v2=(1,))

    def own() -> str:
        raise AssertionError("no one asks who we are")

    authorship = Authorship(
        world.api, own, TokenBucket(1.0, 1.0, world.clock), backoff(), world.clock.monotonic
    )
    history = authorship.history(v2_key(1), None, FOREVER)
    assert isinstance(history, History)
    assert history.last("Workflow.Status") is None
    assert world.calls("GetFindingHistory") == 0


def test_a_finding_of_v2_has_no_namesakes() -> None:
    owners = Owners()
    assert owners.note(v2_key(1), ("1", "2")) == ()
    assert owners.note(key(1), ("1", "2")) == ("1", "2")
