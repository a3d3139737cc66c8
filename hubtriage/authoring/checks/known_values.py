"""Which values a field of a finding never has, as far as AWS says.

A flaw is `certain` where AWS documents the form of a field or all its values. It is not where AWS may have
added values since the client library was made, or where providers choose them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from hubtriage.asff.fields import AsffField, Keys, is_complete, is_timestamp, look_up, members, table
from hubtriage.asff.partitions import broken_arn, has_form_of_region, regions
from hubtriage.authoring.schema.limits import ACCOUNT_ID, FINDING_TYPE, NAMESPACES
from hubtriage.engine.text.suggestions import did_you_mean, nearest, only_candidate
from hubtriage.engine.text.timestamps import parse_timestamp


@dataclass(frozen=True, slots=True)
class ValueFlaw:
    """Why a field never has a value, or hardly has it, and what to write instead (a hint).

    `meant` is the value that alone can have been meant, empty if there is none.
    """

    certain: bool
    reason: str
    hint: str = ""
    meant: str = ""


CONTROL_ID = re.compile(r"[A-Z][A-Za-z0-9]*\.[1-9][0-9]*")  # AWS: such as EC2.19
GUARDDUTY_TYPE = re.compile(r"([A-Za-z]+:[A-Za-z0-9]+)/([A-Za-z0-9.!_-]+)")
PRODUCT_ARN = re.compile(r"arn:[a-z-]+:securityhub:[a-z0-9-]+:([0-9]{12})?:product/[^/]+/\S+")
_RULESET = "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/"

# AWS: the most characters of a field.
LONGEST: dict[Keys, int] = {
    ("Id",): 512,
    ("ProductArn",): 2048,
    ("GeneratorId",): 512,
    ("Title",): 256,
    ("Description",): 1024,
    ("AwsAccountId",): 12,
    ("AwsAccountName",): 50,
    ("Region",): 16,
    ("ProductName",): 128,
    ("CompanyName",): 128,
    ("Resources", "Id"): 512,
    ("Resources", "Type"): 256,
    ("Resources", "Region"): 16,
}
# AWS: the last part of the ProductArn, and the ProductName, of AWS's own products that send findings.
AWS_PRODUCTS = {
    "securityhub": "Security Hub",
    "guardduty": "GuardDuty",
    "inspector": "Inspector",
    "macie": "Macie",
    "access-analyzer": "IAM Access Analyzer",
    "config": "Config",
    "health": "Health",
    "firewall-manager": "Firewall Manager",
    "ssm-patch-manager": "Systems Manager Patch Manager",
    "iot-device-defender": "IoT Device Defender",
}
_PREFIXES_OF_NAMES = ("Amazon ", "AWS ")
_NORMALIZED = (0, 1, 40, 70, 90)


def plain(keys: Keys) -> Keys:
    """Return a path without positions, and without FindingProviderFields before what also stands on top."""
    names = tuple(key for key in keys if not key.isdecimal())
    return names[1:] if names[:1] == ("FindingProviderFields",) and len(names) > 1 else names


@lru_cache(maxsize=65_536)
def flaw_of(keys: Keys, value: object) -> ValueFlaw | None:
    """Return why the field at a path is never, or hardly, equal to a text or number; None if it may be."""
    field = look_up(keys)
    if not isinstance(field, AsffField) or isinstance(value, bool):
        return None
    name = plain(keys)
    if isinstance(value, int | float):
        return _flaw_of_number(name, value)
    if not isinstance(value, str) or field.kind != "text":
        return None
    if field.values:
        return _flaw_of_choice(name, value, field.values)
    longest = LONGEST.get(name)
    if longest is not None and len(value) > longest:
        return ValueFlaw(True, f"it has at most {longest} characters")
    form = _FORMS.get(name)
    if form is not None:
        return form(value)
    if is_timestamp(keys) and parse_timestamp(value) is None:
        return ValueFlaw(
            True, "it is a timestamp", 'such as "2026-11-01T12:00:00Z"; or compare with before, after'
        )
    return _flaw_of_arn(value) if _may_be_arn(name) else None


@lru_cache(maxsize=65_536)
def flaw_of_part(keys: Keys, part: str, text: str) -> ValueFlaw | None:
    """Return why no value of the field begins (`part` is "prefix") or ends ("suffix") so; None if one may."""
    field = look_up(keys)
    if not isinstance(field, AsffField) or field.kind != "text" or not text:
        return None
    name = plain(keys)
    if field.values:
        return _flaw_of_choice_part(name, part, text, field.values)
    longest = LONGEST.get(name)
    if longest is not None and len(text) > longest:
        return ValueFlaw(True, f"it has at most {longest} characters")
    if part == "suffix":
        ending = _ENDINGS.get(name)
        return ending(text) if ending else None
    beginning = _BEGINNINGS.get(name)
    if beginning is not None:
        return beginning(text)
    if is_timestamp(keys) and not text[0].isdecimal():
        return ValueFlaw(True, "a timestamp begins with its year")
    return _flaw_of_arn(text, whole=False) if _may_be_arn(name) else None


def _may_be_arn(name: Keys) -> bool:
    return name[-1] in ("Id", "GeneratorId") or name[-1].endswith(("Arn", "ARN"))


def _flaw_of_arn(text: str, *, whole: bool = True) -> ValueFlaw | None:
    if not text.startswith("arn:") or "${" in text:
        return None
    broken = broken_arn(text, whole=whole)
    if broken is None:
        return None
    return ValueFlaw(True, broken.reason, f'did you mean "{broken.meant}"?' if broken.meant else "")


def _flaw_of_number(name: Keys, value: float) -> ValueFlaw | None:
    if name == ("Severity", "Normalized") and 0 <= value <= 100 and value not in _NORMALIZED:
        shown = ", ".join(map(str, _NORMALIZED[:-1]))
        return ValueFlaw(
            False,
            f"it is {shown} or {_NORMALIZED[-1]} where the provider gives a label",
            "compare Severity.Label",
        )
    return None


def _flaw_of_choice(name: Keys, value: str, known: tuple[str, ...]) -> ValueFlaw | None:
    if value in known:
        return None
    hint = did_you_mean(value, known)
    if is_complete(name) or value.casefold() in map(str.casefold, known):
        return ValueFlaw(True, "", hint, only_candidate(value, known) or "")
    return ValueFlaw(False, f"AWS's model of a finding lists {', '.join(known)}", hint)


def _flaw_of_choice_part(name: Keys, part: str, text: str, known: tuple[str, ...]) -> ValueFlaw | None:
    test = str.startswith if part == "prefix" else str.endswith
    if any(test(one, text) for one in known):
        return None
    return ValueFlaw(is_complete(name), "", f"known: {', '.join(known)}")


def _region(value: str) -> ValueFlaw | None:
    if value in regions():
        return None
    if value.casefold() in regions():
        small = value.casefold()
        return ValueFlaw(True, "Regions are written in small letters", f'write "{small}"', small)
    if has_form_of_region(value):
        return ValueFlaw(False, "no such Region is known", did_you_mean(value, regions()))
    if any(region.startswith(value) for region in regions()):
        return ValueFlaw(True, "a Region ends in a number", f'for several write {{prefix: "{value}"}}')
    return ValueFlaw(True, "it has the form of eu-west-1", did_you_mean(value, regions()))


def _region_prefix(text: str) -> ValueFlaw | None:
    if any(region.startswith(text) for region in regions()) or has_form_of_region(text):
        return None
    small = any(region.startswith(text.casefold()) for region in regions())
    if small:
        return ValueFlaw(True, "Regions are written in small letters", f'write "{text.casefold()}"')
    return ValueFlaw(re.fullmatch(r"[a-z0-9-]+", text) is None, "no such Region is known")


def _product_arn(value: str) -> ValueFlaw | None:
    flaw = _product_beginning(value, whole=True)
    if flaw is not None:
        return flaw
    if not PRODUCT_ARN.fullmatch(value):
        hint = "such as arn:aws:securityhub:eu-west-1::product/aws/guardduty"
        return ValueFlaw(True, "it has the form of a product's ARN", hint)
    return _aws_product(value.rpartition(":product/")[2])


def _product_beginning(text: str, *, whole: bool = False) -> ValueFlaw | None:
    """Return why no product's ARN begins with a text."""
    flaw = _flaw_of_arn(text, whole=whole)
    if flaw is not None:
        return flaw
    parts = text.split(":", 5)
    wanted = ("arn", None, "securityhub")
    for index, part in enumerate(parts[:3]):
        right, last = wanted[index], index == len(parts) - 1
        if right is not None and not (right.startswith(part) if last and not whole else part == right):
            return ValueFlaw(True, "it begins with arn:PARTITION:securityhub:REGION:")
    if len(parts) > 4 and not parts[3]:
        region = ":product/" + parts[5].partition("product/")[2] if len(parts) > 5 else ""
        hint = f'for all Regions write {{suffix: "{region}"}}' if region else "name a Region"
        return ValueFlaw(True, "it names a Region", hint)
    if len(parts) > 3 and parts[3] and not parts[3].startswith(("$", "{")) and (whole or len(parts) > 4):
        region_flaw = _region(parts[3])
        if region_flaw is not None:
            return region_flaw
    return None


def _product_ending(text: str) -> ValueFlaw | None:
    _head, separator, tail = text.rpartition("product/")
    if not separator:
        return None
    if "/" not in tail:
        hint = f'such as "{text[: -len(tail)] if tail else text}aws/{tail or "guardduty"}"'
        return ValueFlaw(True, "product/ is followed by a company and a product", hint)
    return _aws_product(tail)


def _aws_product(tail: str) -> ValueFlaw | None:
    """Return what is wrong with company and product at the end of a product's ARN."""
    company, _slash, product = tail.partition("/")
    if company.casefold() != "aws":
        return None
    if company != "aws" or (product not in AWS_PRODUCTS and product.casefold() in AWS_PRODUCTS):
        return ValueFlaw(
            True, "AWS's products are written in small letters", f'write "product/{tail.casefold()}"'
        )
    if product in AWS_PRODUCTS:
        return None
    return ValueFlaw(False, "no such product of AWS is known", did_you_mean(product, AWS_PRODUCTS))


def _product_name(value: str) -> ValueFlaw | None:
    names = {*AWS_PRODUCTS.values(), "Security Hub CSPM"}
    if value in names:
        return None
    bare = value
    for start in _PREFIXES_OF_NAMES:
        bare = bare.removeprefix(start)
    known = {name.casefold().replace(" ", ""): name for name in names}
    meant = known.get(bare.casefold().replace(" ", "")) or nearest(bare, names, cutoff=0.8)
    if meant is None:
        return None
    product = next((one for one, name in AWS_PRODUCTS.items() if name == meant), "securityhub")
    hint = f'write "{meant}", or ProductArn: [{{suffix: ":product/aws/{product}"}}]'
    return ValueFlaw(False, f"AWS's product is called {meant}", hint)


def _generator(value: str) -> ValueFlaw | None:
    if value.startswith(_RULESET) and not value.startswith((f"{_RULESET}1.2.0/", f"{_RULESET}1.2.0")):
        version, _slash, rule = value.removeprefix(_RULESET).partition("/")
        meant = f"cis-aws-foundations-benchmark/v/{version}/{rule.removeprefix('rule/')}"
        return ValueFlaw(True, "only version 1.2.0 of that benchmark has this form", f'write "{meant}"')
    control = value.removeprefix("security-control/")
    if control != value and not CONTROL_ID.fullmatch(control):
        return ValueFlaw(True, "a control id looks like S3.8", "use prefix for several")
    return _flaw_of_arn(value)


def _finding_type(value: str) -> ValueFlaw | None:
    if not FINDING_TYPE.fullmatch(value):
        return _too_long(value)
    return _namespace(value, whole=True)


def _too_long(text: str) -> ValueFlaw:
    beginning = "/".join(text.split("/")[:2])
    reason = "a type has at most three parts: namespace/category/classifier"
    return ValueFlaw(True, reason, f'for several write {{prefix: "{beginning}/"}}')


def _namespace(text: str, *, whole: bool = False) -> ValueFlaw | None:
    """Return what is wrong with the beginning of a type of findings."""
    if text.count("/") > 2:
        return _too_long(text)
    namespace, slash, _rest = text.partition("/")
    if namespace in NAMESPACES or (not slash and not whole and _begins_one(text)):
        return None
    guardduty = GUARDDUTY_TYPE.fullmatch(text)
    if guardduty:
        ending = f"/{guardduty[1]}-{guardduty[2]}"
        return ValueFlaw(
            True,
            "Security Hub writes GuardDuty's types as NAMESPACE/CATEGORY/CLASSIFIER",
            f'write {{suffix: "{ending}"}}',
        )
    meant = nearest(namespace, NAMESPACES, cutoff=0.75)
    if meant is not None:
        return ValueFlaw(True, f"the namespace is {meant}", f'write "{meant}{slash}{_rest}"')
    return ValueFlaw(False, f"AWS's namespaces are {', '.join(NAMESPACES)}")


def _begins_one(text: str) -> bool:
    return any(one.startswith(text) for one in NAMESPACES)


def _type_ending(text: str) -> ValueFlaw | None:
    guardduty = GUARDDUTY_TYPE.fullmatch(text.lstrip("/"))
    if guardduty and not text.lstrip("/").startswith("AttackSequence"):
        ending = f"/{guardduty[1]}-{guardduty[2]}"
        return ValueFlaw(
            False, "Security Hub writes GuardDuty's types with a hyphen", f'write {{suffix: "{ending}"}}'
        )
    return ValueFlaw(True, "a type has at most three parts") if text.strip("/").count("/") > 2 else None


def _control(value: str) -> ValueFlaw | None:
    if CONTROL_ID.fullmatch(value):
        return None
    return ValueFlaw(True, "a control id looks like S3.8", "use prefix for several")


def _control_beginning(text: str) -> ValueFlaw | None:
    if re.fullmatch(r"[A-Z][A-Za-z0-9]*(\.([1-9][0-9]*)?)?", text):
        return None
    return ValueFlaw(True, "a control id looks like S3.8")


def _resource_type(value: str) -> ValueFlaw | None:
    if value in _types().values():
        return None
    meant = _types().get(value.replace("::", "").casefold())
    if meant is not None:
        return ValueFlaw(True, "", f"did you mean `{meant}`?", meant)
    near = nearest(value, _types().values(), cutoff=0.9)
    if near is None:
        return ValueFlaw(False, "a type of CloudFormation") if value.startswith("AWS::") else None
    return ValueFlaw(False, "AWS's model of a finding has no such type", f"did you mean `{near}`?")


@cache
def _types() -> dict[str, str]:
    return {name.casefold(): name for name in members(table()["Resources"][0]["Details"])}


def _account_beginning(text: str) -> ValueFlaw | None:
    if text.isdecimal() and len(text) <= 12:
        return None
    return ValueFlaw(True, "an account id has 12 digits, and nothing else")


def _account(value: str) -> ValueFlaw | None:
    if ACCOUNT_ID.fullmatch(value):
        return None
    digits = sum(char.isdigit() for char in value)
    shown = f"not {digits}, " if digits != 12 else "and nothing else, "
    return ValueFlaw(True, "", f"12 digits, {shown}in quotes")


_Form = Callable[[str], ValueFlaw | None]
_FORMS: dict[Keys, _Form] = {
    ("AwsAccountId",): _account,
    ("Region",): _region,
    ("ProductArn",): _product_arn,
    ("RelatedFindings", "ProductArn"): _product_arn,
    ("ProductName",): _product_name,
    ("GeneratorId",): _generator,
    ("Types",): _finding_type,
    ("Compliance", "SecurityControlId"): _control,
    ("Resources", "Type"): _resource_type,
}
_BEGINNINGS: dict[Keys, _Form] = {
    ("AwsAccountId",): _account_beginning,
    ("Region",): _region_prefix,
    ("ProductArn",): _product_beginning,
    ("RelatedFindings", "ProductArn"): _product_beginning,
    ("Types",): _namespace,
    ("Compliance", "SecurityControlId"): _control_beginning,
}
_ENDINGS: dict[Keys, _Form] = {("ProductArn",): _product_ending, ("Types",): _type_ending}
