"""How many examples the laws try.

`HUBTRIAGE_LAWS` multiplies the budget (`make laws` sets it to 100). The plain budget is the same
examples each time, so that a build does not fail for what it did not change; a multiplied one searches
anew. With `HUBTRIAGE_LAWS_HUNT` the first example that breaks a law ends the search as it was found, which
is all that the planted bugs need.
"""

import os

from hypothesis import HealthCheck, Phase, settings

EFFORT = int(os.environ.get("HUBTRIAGE_LAWS", "1"))
HUNT = bool(os.environ.get("HUBTRIAGE_LAWS_HUNT"))


def examples(count: int, steps: int = 50) -> settings:
    """Settings for so many examples, times the effort asked for; a stateful one has so many steps."""
    return settings(
        max_examples=count * EFFORT,
        stateful_step_count=steps,
        deadline=None,
        derandomize=EFFORT == 1,
        database=None,
        print_blob=True,
        report_multiple_bugs=False,
        phases=[Phase.generate] if HUNT else [Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
