"""Seeded grammar of rule conditions, and of findings made to meet them in all kinds of shapes."""

from __future__ import annotations

import random
from typing import Any

TEXTS = [
    "A",
    "B",
    "C",
    "arn:aws:s3:::a",
    "arn:aws:s3:::ab",
    "arn:aws:s3:::abc",
    "arn:aws:ec2:x:1:i/1",
    "10.1.2.3",
]
TEXTS += [
    "10.200.0.1",
    "2001:db8::1",
    "",
    "5",
    "true",
    "null",
    "2026-01-01T00:00:00Z",
    "2025-06-01",
    "x",
    "é",
]
NUMBERS = [0, 1, 5, 5.5, 70, -1, 1e10, 2**60, 2**60 + 1]
PATHS = [
    *(
        "Title",
        "Confidence",
        "Types",
        "Severity.Label",
        "Compliance.Status",
        "Resources.Type",
        "Resources.Id",
    ),
    *(
        "Resources.Tags.env",
        "Resources.Details.Deep.x",
        "Vulnerabilities.Cvss.BaseScore",
        "ProductFields.a/b",
    ),
    *(
        "FindingProviderFields.Types",
        "CreatedAt",
        "AwsAccountId",
        "Vulnerabilities.Id",
        "Severity",
        "Resources",
    ),
]
LISTS = ["Types", "Resources", "Vulnerabilities", "FindingProviderFields.Types"]
ACCOUNTS = {"A": {"environment": "x"}, "B": {"environment": "5", "ou": "A"}}
NOW = 1_767_312_000.0  # 2026-01-02T00:00:00Z


def scalar(draw: random.Random) -> Any:
    """Draw a scalar that others are likely to draw too."""
    kind = draw.random()
    if kind < 0.3:
        return draw.choice(TEXTS[:4])
    if kind < 0.75:
        return draw.choice(TEXTS)
    return draw.choice(NUMBERS) if kind < 0.9 else draw.choice([None, True, False])


def finding(draw: random.Random) -> dict[str, Any]:
    """Draw a finding; about one in ten of its members has a shape that no one expects."""
    made: dict[str, Any] = {}
    for path in PATHS[:-2]:
        if draw.random() < 0.75:
            _put(draw, made, path.split("."), ())
    if draw.random() < 0.15:
        made[draw.choice(list(made) or ["Types"])] = _odd(draw)
    return made


def _put(draw: random.Random, node: dict[str, Any], keys: list[str], path: tuple[str, ...]) -> None:
    key, *rest = keys
    here = (*path, key)
    is_list = ".".join(here) in {*LISTS, "Vulnerabilities.Cvss"}
    if not rest:
        value = _odd(draw) if draw.random() < 0.06 else scalar(draw)
        node[key] = [scalar(draw) for _ in range(draw.randrange(4))] if is_list else value
        return
    inner = node.setdefault(key, [{} for _ in range(draw.randrange(4))] if is_list else {})
    for one in inner if isinstance(inner, list) else [inner]:
        if isinstance(one, dict) and draw.random() < 0.8:
            _put(draw, one, rest, here)


def _odd(draw: random.Random) -> Any:
    inner = {"Type": scalar(draw), "Id": scalar(draw), "Label": scalar(draw)}
    odd = [
        None,
        [],
        {},
        [[]],
        [None],
        [scalar(draw)],
        [[scalar(draw)], scalar(draw)],
        inner,
        [inner],
        [[inner]],
    ]
    return draw.choice([*odd, scalar(draw), float("nan"), [inner, scalar(draw), None], [inner, {}]])


def rule(draw: random.Random) -> dict[str, Any]:
    """Draw a rule's `match`, `when`, or both."""
    kind = draw.random()
    if kind < 0.1:
        return _about_two_elements(draw)
    drawn: dict[str, Any] = {"match": pattern(draw)} if kind < 0.7 else {}
    if kind > 0.35:
        drawn["when"] = logic(draw, 2)
    return drawn


def _about_two_elements(draw: random.Random) -> dict[str, Any]:
    """Draw a rule with two conditions on one list, which may hold for different elements."""
    paths = draw.sample(["Type", "Id", "Tags.env"], 2)
    texts = [draw.choice(TEXTS[:4]) for _path in paths]
    somes = [
        {draw.choice(["some", "some", "all"]): [{"var": "Resources"}, {"==": [{"var": path}, text]}]}
        for path, text in zip(paths, texts, strict=True)
    ]
    if draw.random() < 0.5:
        return {"when": {"and": somes}}
    match: dict[str, Any] = {}
    _set(match, ["Resources", *paths[0].split(".")], [texts[0]])
    return {"match": match, "when": somes[1]}


def pattern(draw: random.Random) -> dict[str, Any]:
    """Draw a pattern of one to three fields."""
    paths = draw.sample(PATHS[:-2], draw.randint(1, 3))
    made: dict[str, Any] = {}
    for path in paths:
        _set(made, path.split("."), [alternative(draw) for _ in range(draw.randint(1, 3))])
    if draw.random() < 0.2:
        rest = [path for path in PATHS[:-2] if path not in paths]
        branches: list[dict[str, Any]] = [{}, {}]
        for branch in branches:
            _set(branch, draw.choice(rest).split("."), [alternative(draw)])
        made["$or"] = branches
    return made


def _set(node: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        node = node.setdefault(key, {})
    node[keys[-1]] = value


def alternative(draw: random.Random) -> Any:
    """Draw one alternative of a pattern's field."""
    text = draw.choice(TEXTS)
    return draw.choice(
        [
            *(scalar(draw), scalar(draw), scalar(draw), text),
            {"prefix": text[: draw.randint(0, 13)]},
            {"suffix": text[-2:]},
            {"equals-ignore-case": text.lower()},
            {"wildcard": draw.choice(["arn:*", "arn:aws:s3:::a*", "*:::ab*", r"A\*", "A", "*"])},
            {"exists": draw.random() < 0.5},
            {"anything-but": draw.choice([text, [text, "B"], 5, {"prefix": "arn"}])},
            {"numeric": draw.choice([["=", 5], [">", 1], ["<=", 5.5], [">", 0, "<", 70]])},
            {"cidr": draw.choice(["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "0.0.0.0/0"])},
        ]
    )


def logic(draw: random.Random, depth: int, within: str = "") -> Any:
    """Draw an expression; `within` is the list whose elements it is evaluated on."""
    kind = draw.randrange(12)
    if depth > 0 and kind < 5:
        parts = [logic(draw, depth - 1, within) for _ in range(draw.randint(1, 3))]
        name = draw.choice(["and", "or", "and", "or", "!", "!!", "if"])
        if name == "if":
            return {name: [logic(draw, depth - 1, within) for _ in range(3)]}
        return {name: parts[:1] if name[0] == "!" else parts}
    if depth > 0 and kind < 7 and not within:
        name = draw.choice(LISTS)
        return {draw.choice(["some", "some", "all", "none"]): [{"var": name}, logic(draw, depth - 1, name)]}
    if kind == 7:
        return draw.choice(
            [True, False, {"var": _path(draw, within)}, {"missing": [_path(draw, within)]}, [], ["x"]]
        )
    if kind == 8 and draw.random() < 0.3:
        return draw.choice(_MAY_FAIL)
    return comparison(draw, within)


_MAY_FAIL = [
    {"missing_some": [1, {"var": "Nowhere"}]},
    {"missing_some": [1, {"var": "Types"}]},
    {"==": [{"cat": [{"var": "Title"}, "x"]}, "Ax"]},
]


def _path(draw: random.Random, within: str) -> str:
    inside = [path[len(within) + 1 :] for path in PATHS if path.startswith(f"{within}.")]
    return (
        draw.choice([*inside, ""])
        if within
        else draw.choice([*PATHS, "Resources.0.Type", "Types.0", "Types.length"])
    )


def operand(draw: random.Random, within: str) -> Any:
    """Draw what is compared."""
    var = {"var": _path(draw, within)}
    calculated = [
        {"lower": var},
        {"arn": [var, draw.choice(["service", "resource"])]},
        {"account": "environment"},
        {"get": [{"var": "ProductFields"}, "a/b"]},
        {"var": [var["var"], draw.choice(["A", 5])]},
    ]
    return var if draw.random() < 0.75 else draw.choice(calculated)


def comparison(draw: random.Random, within: str) -> Any:
    """Draw a comparison with a constant."""
    subject, text = operand(draw, within), draw.choice(TEXTS)
    pair = [subject, scalar(draw)]
    if draw.random() < 0.2:
        pair.reverse()
    made: list[Any] = [
        *({draw.choice(["==", "!=", "===", "!=="]): pair} for _ in range(4)),
        {
            draw.choice(["<", "<=", ">", ">="]): [subject, draw.choice([0, 1, 5, 5.5])][
                :: draw.choice([1, -1])
            ]
        },
        {draw.choice(["<", "<="]): [0, subject, 5]},
        {draw.choice(["<", ">="]): [{"age_days": [subject]}, draw.choice([0, 1, 100])]},
        {"in": [subject, [scalar(draw), scalar(draw)]]},
        {"in_list": [subject, [scalar(draw), scalar(draw)]]},
        {"in": [text, {"var": _path(draw, within)}]},
        {"in": [subject, "xA5null"]},
        {"starts_with": [subject, text or "A"]},
        {"ends_with": [subject, text or "A"]},
        {"glob": [subject, draw.choice(["arn:*", "arn:aws:s3:::?", "A", r"A\*", "?*"])]},
        {"regex": [subject, "^ar?n?"]},
        {"cidr": [subject, draw.choice(["10.0.0.0/8", ["10.1.0.0/16", "::/0"]])]},
        {"before": [subject, "2026-01-01"]},
    ]
    return draw.choice(made)
