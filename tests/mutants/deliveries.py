"""Bugs of where a decision is delivered, and of which findings share a ticket."""

from tests.mutants.mutation import Mutation

_DELIVERY = "engine/ruleset/delivery.py"

DELIVERIES = (
    Mutation(
        "the shortest beginning of an owner's name counts",
        _DELIVERY,
        "return max(beginnings, key=len, default=None)",
        "return min(beginnings, key=len, default=None)",
    ),
    Mutation(
        "a beginning of an owner's name counts more than the name",
        _DELIVERY,
        "if value in self.to:",
        "if False:",
    ),
    Mutation(
        "an owner without an entry is delivered nowhere",
        _DELIVERY,
        "return self.otherwise if key is None else self.to[key]",
        "return None if key is None else self.to[key]",
    ),
    Mutation(
        "a channel that two names lead to gets two messages",
        _DELIVERY,
        "if to is not None and (to, delivery.kind) not in reached:",
        "if to is not None:",
    ),
    Mutation(
        "texts that begin alike share a ticket",
        _DELIVERY,
        "~{_digest(value)}",
        "~",
    ),
    Mutation(
        "a group may hide what it is",
        _DELIVERY,
        "value.isprintable() and ",
        "",
    ),
    Mutation(
        "findings of two products with one Id share a ticket",
        _DELIVERY,
        'return _digest(finding.get("ProductArn"), finding.get("Id"))',
        'return _digest(finding.get("Id"))',
    ),
    Mutation(
        "what a group is made of is not kept",
        "engine/ruleset/members.py",
        "yield from GROUPED_MEMBERS.get(delivery.per, ())",
        "yield from ()",
    ),
)
