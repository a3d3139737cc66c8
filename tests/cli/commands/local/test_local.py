"""`hubtriage local up` as a person uses it."""

import json
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

pytestmark = pytest.mark.e2e

_UP = "from hubtriage.cli.main import cli; cli(['local', 'up', '--port', '0', '--udf', 'merge'])"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_how_to_use_it_and_ends_when_asked(number: signal.Signals) -> None:
    command = [sys.executable, "-c", _UP]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = re.match(r"The local AWS is ready at http://127\.0\.0\.1:(\d+)\.", process.stdout.readline())
        assert ready is not None
        port = ready[1]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_hubtriage/settings", timeout=60) as answer:
            assert json.load(answer)["udf"] == "merge"
        said = ""
        while "Ctrl-C" not in said:
            said += process.stdout.readline()
        assert "unset AWS_PROFILE AWS_SESSION_TOKEN" in said, "a profile that is not there stops every tool"
        assert f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}" in said
        process.send_signal(number)
        rest, wrong = process.communicate(timeout=120)
    assert (rest, wrong, process.returncode) == ("The local AWS has ended.\n", "", 0)
