"""`hubtriage local up` as a person uses it."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from hubtriage.localaws.cloud import free_port

pytestmark = pytest.mark.e2e

_UP = "from hubtriage.cli.main import cli; cli(['local', 'up', '--port', '{port}', '--udf', 'merge'])"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_how_to_use_it_and_ends_when_asked(number: signal.Signals) -> None:
    port = free_port()
    command = [sys.executable, "-c", _UP.format(port=port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"The local AWS is ready at http://127.0.0.1:{port}.")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_hubtriage/settings", timeout=10) as answer:
            assert json.load(answer)["udf"] == "merge"
        said = ""
        while "Ctrl-C" not in said:
            said += process.stdout.readline()
        assert "unset AWS_PROFILE AWS_SESSION_TOKEN" in said, "a profile that is not there stops every tool"
        assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}" in said
        process.send_signal(number)
        rest, wrong = process.communicate(timeout=30)
    assert (rest, wrong, process.returncode) == ("The local AWS has ended.\n", "", 0)
