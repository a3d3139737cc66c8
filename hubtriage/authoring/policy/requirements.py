"""What the house policy requires rules to say of themselves."""

from collections.abc import Iterator, Sequence

from hubtriage.authoring.directory import some_named
from hubtriage.authoring.loaded import LoadedRule, LoadedStatement
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.schema.policy import Requirement
from hubtriage.engine.fields import SEVERITY_RANK
from hubtriage.engine.ruleset.owner import Accounts
from hubtriage.engine.text.wildcard import compile_glob

DAY = 86_400.0


def unmet(rule: LoadedRule, statement: LoadedStatement, accounts: Accounts, now: float) -> Iterator[Problem]:
    """Yield a problem for each thing that a rule should say and does not, at a time (epoch seconds)."""
    required = statement.model.require
    if required is None:
        return
    model = rule.model
    if required.description and model.description is None:
        yield _problem(rule, statement, "description", "a description")
    if required.owner is not None:
        yield from _owner_problems(rule, statement, required.owner, accounts)
    if required.ticket is not None and not _fits(required.ticket, model.ticket):
        yield _problem(rule, statement, "ticket", f"a ticket like {required.ticket}")
    if required.reason is not None and not _is_reason(required.reason, model.reason):
        yield _problem(rule, statement, "reason", _one_of("a reason", required.reason))
    if required.expires is not None and not _ends_within(rule, required.expires, now):
        yield _problem(rule, statement, "expires", f"an end within {required.expires} days")
    if required.ceiling is not None and SEVERITY_RANK[model.ceiling] > SEVERITY_RANK[required.ceiling]:
        yield _problem(rule, statement, "ceiling", f"a ceiling of {required.ceiling} at most")
    yield from _lacking(rule, statement, required)


def _lacking(rule: LoadedRule, statement: LoadedStatement, required: Requirement) -> Iterator[Problem]:
    """Report what a rule lacks of a note, of channels and of tests."""
    note = rule.model.update.Note
    if required.note is not None and not _fits(required.note, note.Text if note else None):
        yield _problem(rule, statement, "update", f"a note like {required.note}")
    channels = rule.model.notified
    if required.notify is not None and not any(_is_named(required.notify, one) for one in channels):
        yield _problem(rule, statement, "notify", _one_of("a channel to notify", required.notify))
    if required.tests and not rule.model.tests:
        yield _problem(rule, statement, "tests", "tests")


def _owner_problems(
    rule: LoadedRule, statement: LoadedStatement, required: object, accounts: Accounts
) -> Iterator[Problem]:
    """Report a missing owner. An owner by account has to be there for each account of the directory."""
    what, attribute = _one_of("an owner", required), rule.model.owner_attribute
    if attribute is None:
        if not _is_named(required, rule.model.owner):
            yield _problem(rule, statement, "owner", what)
        return
    lacking = [
        account
        for account, known in sorted(accounts.items())
        if not _is_named(required, known.get(attribute))
    ]
    if lacking:
        message = f"{what} for each account; `{attribute}` does not name one for {some_named(lacking)}"
        yield _problem(rule, statement, "owner", message)


def _is_named(required: object, owner: object) -> bool:
    is_text = isinstance(owner, str) and bool(owner.strip())
    if isinstance(required, list):
        return is_text and any(compile_glob(glob)(str(owner)) for glob in required)
    return is_text


def _is_reason(required: object, reason: str | None) -> bool:
    return reason in required if isinstance(required, list) else reason is not None


def _one_of(what: str, required: object) -> str:
    return f"{what} such as {' or '.join(required)}" if isinstance(required, Sequence) else what


def _fits(glob: str, text: str | None) -> bool:
    return text is not None and compile_glob(glob)(text)


def _ends_within(rule: LoadedRule, days: int, now: float) -> bool:
    """Say whether a rule ends so many days after it starts, or after now if it has started."""
    model = rule.model
    if model.expires is None:
        return False
    begins = max(now, model.starts.seconds) if model.starts else now
    return model.expires.end <= begins + (days + 1) * DAY  # a last day counts to its end, in any zone


def _problem(rule: LoadedRule, statement: LoadedStatement, key: str, what: str) -> Problem:
    path = (*rule.path, key if key in rule.document.node(rule.path).value else "id")
    message = f"the policy {statement.model.id!r} ({statement.place}) requires {what}"
    return rule.document.problem("E503", path, message, statement.model.description, key=True)
