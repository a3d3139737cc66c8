"""Define the types of single settings: how each is written, and what AWS accepts."""

import zoneinfo
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from hubtriage.authoring.permissions.never import check_names
from hubtriage.authoring.schema.limits import TAG
from hubtriage.aws.sweep.notices.tally import MOST_OWNER
from hubtriage.engine.text.suggestions import nearest

_Value = TypeVar("_Value")
ALL_REGIONS = "all"
"""Stands for all linked Regions: AWS aggregates every Region, new ones too."""

# AWS: CloudWatch Logs accepts these retentions only. A test holds them to CDK's; the command line works
# without CDK.
Retention = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
Architecture = Literal["arm64", "x86_64"]


def _separate(value: object) -> object:
    """Read a list from the command line, where CDK knows only text: `a,b`."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _pairs(value: object) -> object:
    """Read tags from cdk.json, where they may also be a JSON object."""
    return (
        [f"{key}={item}" for key, item in value.items()] if isinstance(value, Mapping) else _separate(value)
    )


def _owner_pairs(value: object) -> object:
    """Read owners from a table, where each has an address or a list of them."""
    if not isinstance(value, Mapping):
        return _separate(value)
    return [
        f"{owner}={address}"
        for owner, addresses in value.items()
        for address in (addresses if isinstance(addresses, list | tuple) else [addresses])
    ]


def _number(value: object) -> object:
    """Read a number, which comes as text from the command line."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _each_once(values: tuple[_Value, ...]) -> tuple[_Value, ...]:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{value} appears twice: name it once")
    return values


def _own_tag(tag: str) -> str:
    if tag.lower().startswith("aws:"):
        raise ValueError(f"AWS reserves tags that start with aws:, so {tag!r} cannot be one")
    return tag


def _longest_first(days: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(days, reverse=True))


def _key_once(tags: tuple[str, ...]) -> tuple[str, ...]:
    _each_once(tuple(tag.partition("=")[0] for tag in tags))
    return tags


def _known_zone(name: str) -> str:
    """Refuse an unknown time zone, if this machine knows them: AWS would refuse it only while deploying."""
    known = zoneinfo.available_timezones()
    if known and name not in known:
        near = nearest(name, known)
        raise ValueError(f"there is no time zone {name!r}" + (f"; did you mean {near}?" if near else ""))
    return name


def _plain_owners(pairs: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a name that no owner can have, and a `*` that does not stand at the end."""
    for owner, _address in map(owner_and_address, pairs):
        if not owner or owner != owner.strip() or not owner.isprintable() or len(owner) > MOST_OWNER:
            raise ValueError(f"{owner!r} cannot be an owner: 1 to {MOST_OWNER} characters on one line")
        if "*" in owner[:-1]:
            raise ValueError(f"{owner!r}: a * stands for the rest of a name, so only at its end")
    return pairs


def owner_and_address(pair: str) -> tuple[str, str]:
    """Return the owner and the address of a pair; an address has no `=`."""
    owner, _, address = pair.rpartition("=")
    return owner, address


_List = BeforeValidator(_separate)
_Region = Annotated[str, Field(pattern=r"^[a-z]{2,}(-[a-z]+)+-\d+$")]
_LinkedRegion = Annotated[str, Field(pattern=rf"^({ALL_REGIONS}|[a-z]{{2,}}(-[a-z]+)+-\d+)$")]
_Tag = Annotated[str, Field(pattern=r"^[^=,\s][^=,]{0,127}=[^,]{0,256}$"), AfterValidator(_own_tag)]
_Email = Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+$")]
# AWS: policies name keys by ARN only, so an alias does not work.
_KEY_ID = r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_KeyArn = Annotated[str, Field(pattern=rf"^arn:[a-z-]+:kms:[a-z0-9-]+:\d{{12}}:key/{_KEY_ID}$")]

StackName = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9-]{0,62}$")]
TableName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{3,255}$")]
ActionId = Annotated[str, Field(pattern=r"^[a-zA-Z0-9]{1,20}$")]
AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
Accounts = Annotated[tuple[AccountId, ...], _List, AfterValidator(_each_once), Field(max_length=50)]
Region = _Region
Regions = Annotated[tuple[_Region, ...], _List, AfterValidator(_each_once)]
LinkedRegions = Annotated[tuple[_LinkedRegion, ...], _List, AfterValidator(_each_once)]
Tags = Annotated[tuple[_Tag, ...], BeforeValidator(_pairs), AfterValidator(_key_once), Field(max_length=40)]
Emails = Annotated[tuple[_Email, ...], _List, AfterValidator(_each_once)]
Owners = Annotated[
    tuple[Annotated[str, Field(pattern=r"^.+=[^@\s,=]+@[^@\s,=]+$")], ...],
    BeforeValidator(_owner_pairs),
    AfterValidator(_plain_owners),
    AfterValidator(_each_once),
]
"""Each owner with an address, as `owner=address`; of an owner with several addresses several times."""
NoticeDays = Annotated[
    tuple[Annotated[int, Field(ge=1, le=365)], ...],
    _List,
    AfterValidator(_each_once),
    AfterValidator(_longest_first),
    Field(max_length=5),
]
KeyArns = Annotated[tuple[_KeyArn, ...], _List, AfterValidator(_each_once)]
FieldNames = Annotated[tuple[str, ...], _List, AfterValidator(check_names)]
"""Fields by AWS's path of a leaf, which is how IAM knows them and so can deny them."""
RuleTags = Annotated[
    tuple[Annotated[str, Field(pattern=rf"^{TAG.pattern}$")], ...], _List, AfterValidator(_each_once)
]
Hubs = Annotated[tuple[Literal["cspm", "v2"], ...], _List, AfterValidator(_each_once), Field(min_length=1)]
"""The two services: Security Hub CSPM, with findings in ASFF, and Security Hub V2, with findings in OCSF."""
RetentionDays = Annotated[Retention, BeforeValidator(_number)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
TimeZone = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$"), AfterValidator(_known_zone)]
# AWS: the description of an alarm, which ends with the address, has 1,024 characters at most.
RunbookUrl = Annotated[str, Field(pattern=r"^https?://[^\s#()<>|]+$", max_length=400)]
PolicyArn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::(\d{12}|aws):policy/\S+$")]


def account_of(arn: str) -> str:
    """Return the account of an ARN; `aws` for a policy that AWS manages."""
    return arn.split(":")[4]


def region_of(arn: str) -> str:
    """Return the Region of an ARN; empty if it has none."""
    return arn.split(":")[3]
