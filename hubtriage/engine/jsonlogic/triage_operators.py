"""The operators that triage adds to JsonLogic.

The tests among them are false on missing or unusable input. A constant argument that can never be right is
refused on loading. What is compared against (a glob, a network, an expression) must be written out in the
rule: a finding never brings its own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan

from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.jsonlogic.expressions import Evaluate, EvaluationContext, Operator, OperatorCall
from hubtriage.engine.jsonlogic.operators import membership
from hubtriage.engine.jsonlogic.values import Value
from hubtriage.engine.text.addresses import NetworkError, compile_networks
from hubtriage.engine.text.suggestions import did_you_mean
from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.engine.text.wildcard import TextTest, WildcardError, compile_glob

SECONDS_A_DAY = 86_400
ARN_PARTS = ("partition", "service", "region", "account", "resource", "resource_type", "resource_id")


def _constant_text(call: OperatorCall, index: int, hint: str) -> str:
    value = call.constant(index, hint)
    if not isinstance(value, str) or not value:
        call.refuse(index, f"`{call.path[-1]}` needs a text that is not empty here", hint)
    return value


def _text_test(call: OperatorCall, test: TextTest) -> Evaluate:
    """Apply a test to the first argument, which is constant only by mistake."""
    subject = call.arguments[0]
    if subject.is_constant and not isinstance(subject.value, str):
        call.refuse(0, f"`{call.path[-1]}` looks at a text", 'for example {"var": "Title"}')
    evaluate = subject.evaluate

    def run(data: Value, context: EvaluationContext) -> bool:
        value = evaluate(data, context)
        return isinstance(value, str) and test(value)

    return run


def _starts_with(call: OperatorCall) -> Evaluate:
    prefix = _affix(call)
    if prefix is not None:
        return _text_test(call, lambda text: text.startswith(prefix))
    return _calculated_affix(call, str.startswith)


def _ends_with(call: OperatorCall) -> Evaluate:
    suffix = _affix(call)
    if suffix is not None:
        return _text_test(call, lambda text: text.endswith(suffix))
    return _calculated_affix(call, str.endswith)


def _affix(call: OperatorCall) -> str | None:
    """Return the constant second argument, None if it is calculated (comparing two fields is safe here)."""
    return _constant_text(call, 1, "every text starts and ends with nothing") if call.is_constant(1) else None


def _calculated_affix(call: OperatorCall, test: Callable[[str, str], bool]) -> Evaluate:
    subject, affix = call.evaluators()

    def run(data: Value, context: EvaluationContext) -> bool:
        text, part = subject(data, context), affix(data, context)
        return isinstance(text, str) and isinstance(part, str) and part != "" and test(text, part)

    return run


def _glob(call: OperatorCall) -> Evaluate:
    pattern = _constant_text(call, 1, "a text with * and ?")
    try:
        return _text_test(call, compile_glob(pattern))
    except WildcardError as error:
        call.refuse(
            1, f"the glob {pattern!r} has {error}", r"write \\ for a backslash, \* and \? for themselves"
        )


def _regex(call: OperatorCall) -> Evaluate:
    return _text_test(
        call, _compile_regex(call, _constant_text(call, 1, "a regular expression in RE2's syntax"))
    )


def _compile_regex(call: OperatorCall, pattern: str) -> TextTest:
    """Compile with RE2, which matches in linear time; it is imported only where a rule needs it."""
    try:
        import re2
    except ImportError:
        call.refuse(1, "`regex` needs the package google-re2, which is not installed", "use `glob` instead")
    options = re2.Options()
    options.log_errors = False
    try:
        search = re2.compile(pattern, options).search
    except re2.error as error:
        call.refuse(
            1, f"the regular expression {pattern!r} is wrong: {_reason(error)}", "the syntax is RE2's"
        )
    return lambda text: search(text.encode("utf-8", "replace").decode()) is not None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def _cidr(call: OperatorCall) -> Evaluate:
    hint = 'for example "10.0.0.0/8", or a list of such'
    value = call.constant(1, hint)
    networks = value if isinstance(value, list) else [value]
    if not networks or not all(isinstance(network, str) for network in networks):
        call.refuse(1, "`cidr` needs networks", hint)
    try:
        return _text_test(call, compile_networks(networks))
    except NetworkError as error:
        call.refuse(1, str(error), hint)


def _before(call: OperatorCall) -> Evaluate:
    earlier, later = _moments(call)
    return lambda data, context: earlier(data, context) < later(data, context)


def _after(call: OperatorCall) -> Evaluate:
    later, earlier = _moments(call)
    return lambda data, context: earlier(data, context) < later(data, context)


def _moments(call: OperatorCall) -> list[Callable[[Value, EvaluationContext], float]]:
    """Return both arguments as epoch seconds; NaN, which no comparison holds for, where one is unusable."""
    return [_moment(call, index) for index in range(2)]


def _moment(call: OperatorCall, index: int) -> Callable[[Value, EvaluationContext], float]:
    argument = call.arguments[index]
    if argument.is_constant:
        moment = parse_timestamp(argument.value)
        if moment is None:
            call.refuse(index, f"{argument.value!r} is no timestamp", 'for example "2026-10-01T00:00:00Z"')
        return lambda _data, _context: moment
    evaluate = argument.evaluate
    return lambda data, context: _or_nan(parse_timestamp(evaluate(data, context)))


def _or_nan(value: float | None) -> float:
    return nan if value is None else value


def _age_days(call: OperatorCall) -> Evaluate:
    _moment(call, 0)  # refuses a constant that is no timestamp
    subject = call.arguments[0].evaluate

    def evaluate(data: Value, context: EvaluationContext) -> float:
        then = parse_timestamp(subject(data, context))
        if then is None:
            return nan
        if context.now is None:
            raise EvaluationError("`age_days` needs the present time")
        return (context.now - then) / SECONDS_A_DAY

    return evaluate


def _in_list(call: OperatorCall) -> Evaluate:
    hint = "the name of one of the rule file's lists, or a list of values"
    items = call.constant(1, hint)
    if isinstance(items, str):
        call.refuse(1, f"there is no list named `{items}`", hint)
    if not isinstance(items, list) or not items:
        call.refuse(1, "`in_list` needs a list with at least one value", hint)
    if any(isinstance(item, list | dict) for item in items):
        call.refuse(1, "a list's values are texts, numbers, booleans or null", hint)
    is_member = membership(items)
    value = call.arguments[0].evaluate
    return lambda data, context: is_member(value(data, context))


def _lower(call: OperatorCall) -> Evaluate:
    text = call.arguments[0].evaluate

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        value = text(data, context)
        return value.lower() if isinstance(value, str) else None

    return evaluate


def _get(call: OperatorCall) -> Evaluate:
    if call.is_constant(1):
        _constant_text(call, 1, 'for example {"get": [{"var": "ProductFields"}, "aws/guardduty/service"]}')
    source, key = call.evaluators()

    def evaluate(data: Value, context: EvaluationContext) -> Value:
        container, name = source(data, context), key(data, context)
        return container.get(name) if isinstance(container, dict) and isinstance(name, str) else None

    return evaluate


def _arn(call: OperatorCall) -> Evaluate:
    part = call.constant(1, f"one of {', '.join(ARN_PARTS)}")
    if part not in ARN_PARTS:
        call.refuse(1, f"an ARN has no part {part!r}", did_you_mean(part, ARN_PARTS))
    position = ARN_PARTS.index(part)
    text = call.arguments[0].evaluate
    return lambda data, context: _arn_parts(text(data, context))[position]


def _arn_parts(value: Value) -> tuple[str | None, ...]:
    """Split an ARN leniently, in the order of ARN_PARTS; all None for what is not an ARN.

    A resource such as "instance/i-1" or "function:f" has a type and an id, "my-bucket" only an id.
    """
    parts = value.split(":", 5) if isinstance(value, str) else []
    if len(parts) < 6 or parts[0] != "arn":
        return (None,) * len(ARN_PARTS)
    resource = parts[5]
    cut = min((at for at in (resource.find("/"), resource.find(":")) if at >= 0), default=-1)
    if cut < 0:
        return (*parts[1:], None, resource)
    return (*parts[1:], resource[:cut], resource[cut + 1 :])


def _account(call: OperatorCall) -> Evaluate:
    attribute = _constant_text(call, 0, "the name of an attribute in the account directory")
    known = {name for account in call.accounts.values() for name in account}
    if call.accounts and attribute not in known:
        call.refuse(0, f"no account in the directory has `{attribute}`", did_you_mean(attribute, known))
    values = {account: attributes.get(attribute) for account, attributes in call.accounts.items()}

    def evaluate(_data: Value, context: EvaluationContext) -> Value:
        account = context.root.get("AwsAccountId") if isinstance(context.root, dict) else None
        return values.get(account) if isinstance(account, str) else None

    return evaluate


TRIAGE_OPERATORS: dict[str, Operator] = {
    "starts_with": Operator(2, 2, _starts_with, "a text, and what it starts with"),
    "ends_with": Operator(2, 2, _ends_with, "a text, and what it ends with"),
    "glob": Operator(2, 2, _glob, "a text, and a pattern with * and ?"),
    "regex": Operator(2, 2, _regex, "a text, and a regular expression"),
    "cidr": Operator(2, 2, _cidr, "an address, and a network or a list of networks"),
    "before": Operator(2, 2, _before, "two timestamps"),
    "after": Operator(2, 2, _after, "two timestamps"),
    "age_days": Operator(1, 1, _age_days, 'for example {"age_days": {"var": "CreatedAt"}}'),
    "in_list": Operator(2, 2, _in_list, "a value, and a list's name"),
    "lower": Operator(1, 1, _lower, "a text"),
    "get": Operator(2, 2, _get, "an object, and the name of a member"),
    "arn": Operator(2, 2, _arn, f"an ARN, and one of {', '.join(ARN_PARTS)}"),
    "account": Operator(1, 1, _account, 'for example {"account": "environment"}'),
}
