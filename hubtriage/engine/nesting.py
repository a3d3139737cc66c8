"""How deep the lists and objects of a finding stand in one another.

Python gives up at a depth that depends on its version and on who calls whom; so a limit of our own is held
first: far above what any producer sends, far below what Python allows.
"""

MOST_LEVELS = 100


def is_too_deep(value: object) -> bool:
    """Whether something stands in more than MOST_LEVELS lists and objects of a JSON value."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
