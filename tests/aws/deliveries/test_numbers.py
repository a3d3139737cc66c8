"""The metrics of channels and queues, as CloudWatch reads them."""

import json

import pytest

from hubtriage.aws.deliveries.numbers import DELIVERED, FAILED, emit_deliveries


def test_each_count_is_there_for_the_stack_and_for_the_channel(capsys: pytest.CaptureFixture[str]) -> None:
    emit_deliveries({DELIVERED: 3, FAILED: 0}, "sec-chat", "hubtriage", "stack-a")
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [document[DELIVERED] for document in documents] == [[3.0], [3.0]]
    dimensions = [document["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for document in documents]
    assert [sorted(each[0]) for each in dimensions] == [["service"], ["service", "to"]]
    assert all(FAILED not in document for document in documents)


def test_nothing_is_written_where_nothing_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    emit_deliveries({FAILED: 0}, "sec-chat", "hubtriage", "stack-a")
    assert capsys.readouterr().out == ""
