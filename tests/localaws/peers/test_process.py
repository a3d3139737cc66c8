"""Doubles in a process of their own: they keep what they hold, and end with the one who started them."""

import subprocess
import sys

import pytest

from hubtriage.localaws.peers.control import PeerControl
from hubtriage.localaws.peers.kinds import KINDS, peers_of
from hubtriage.localaws.peers.peer import PeerError
from hubtriage.localaws.peers.process import PeersProcess


def test_every_kind_answers_and_holds_something() -> None:
    with PeersProcess({kind: kind for kind in KINDS}) as process:
        for kind in KINDS:
            assert isinstance(process.control.stored(kind), dict)
        assert process.url("jira") == f"{process.control.endpoint}/jira"
    assert not process.control.is_ready()


def test_it_serves_by_hand_until_its_input_ends() -> None:
    command = [sys.executable, "-m", "hubtriage.localaws.peers.process", "--peers", '{"a": "jira"}']
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        endpoint = process.stdout.readline().strip()
        assert PeerControl(endpoint).stored("a") == {"issues": []}
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_kind_that_there_is_not_is_named() -> None:
    with pytest.raises(PeerError, match="no kind trello"):
        peers_of({"a": "trello"})
