"""The functions' logger: it keeps to the level that was chosen, whatever Lambda's own is."""

import json

import pytest

from hubtriage.aws.logger import logger

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@pytest.mark.parametrize("lambdas", [None, "INFO", "DEBUG"])
@pytest.mark.parametrize("level", LEVELS[1:])
def test_nothing_below_the_chosen_level_is_written(
    level: str, lambdas: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if lambdas:
        monkeypatch.setenv("AWS_LAMBDA_LOG_LEVEL", lambdas)
    made = logger(f"{level}-{lambdas}", level)
    for each in LEVELS:
        getattr(made, each.lower())(each)
    written = [json.loads(line)["level"] for line in capsys.readouterr().out.splitlines()]
    assert written == list(LEVELS[LEVELS.index(level) :])
