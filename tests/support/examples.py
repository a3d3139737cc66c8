"""Which examples Hypothesis tries, and how many.

Plainly it tries the same ones in every run, on every machine: a build never fails for what it did not change.
`HUBTRIAGE_LAWS=N` tries N times as many and explores: it draws them from a seed, which the run prints.
Only `make laws` and the nightly run explore; `make mutants` uses the same seed every time.

`HUBTRIAGE_LAWS_HUNT` ends the search at the first example that breaks a law, without making it smaller.
That is all that the planted bugs need.
"""

import os
import random
from collections.abc import Iterable

from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers

EFFORT = int(os.environ.get("HUBTRIAGE_LAWS", "1"))
HUNT = bool(os.environ.get("HUBTRIAGE_LAWS_HUNT"))
EXPLORING = EFFORT > 1

_COUNT = 100
_PHASES = [Phase.generate] if HUNT else [Phase.explicit, Phase.generate, Phase.shrink]
_NO_FAILURES = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def load_profile() -> None:
    """Set what holds for every test that uses Hypothesis; a test only says how many examples it needs."""
    settings.register_profile(
        "hubtriage",
        max_examples=_COUNT * EFFORT,
        derandomize=not EXPLORING,
        database=None,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        phases=_PHASES,
        suppress_health_check=_NO_FAILURES,
    )
    settings.load_profile("hubtriage")
    _forget_constants_of_loaded_modules()


def _forget_constants_of_loaded_modules() -> None:
    """Draw only from strategies.

    Hypothesis mixes in constants from the source of every module that happens to be loaded. Those differ
    between one test file and all of them, and with each change of the code. It has no setting for this.
    """
    nothing = providers.Constants()
    providers._get_local_constants = lambda: nothing


def examples(count: int, *, steps: int = 50, suppress: Iterable[HealthCheck] = ()) -> settings:
    """Return settings for so many examples, times the effort asked for; a stateful one has so many steps."""
    return settings(
        max_examples=count * EFFORT,
        stateful_step_count=steps,
        suppress_health_check=[*_NO_FAILURES, *suppress],
    )


def new_seed() -> str:
    """Return a seed for a run that explores."""
    return str(random.SystemRandom().randrange(10**9))


def again(seed: str) -> str:
    """Return how to try the same examples again."""
    return (
        f"the laws try {EFFORT} times the examples, drawn from the seed {seed}; the same again: "
        f"make laws EFFORT={EFFORT} SEED={seed}\n"
        f"one test alone: HUBTRIAGE_LAWS={EFFORT} .venv/bin/python -m pytest --hypothesis-seed={seed} TEST"
    )
