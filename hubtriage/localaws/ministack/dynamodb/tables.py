"""DynamoDB tables of CloudFormation, as AWS makes and keeps them.

ministack ignores point-in-time recovery, expiry and encryption of a template, takes a name that is in use,
and deletes what is protected.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hubtriage.localaws.ministack.dynamodb.recovery import Recovery
from hubtriage.localaws.ministack.internals import module

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]

_TYPES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")


def keep_what_templates_ask() -> None:
    """Make CloudFormation create, update and delete tables as AWS does, and tables recoverable."""
    recovery = Recovery()
    recovery.install()
    handlers = module("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    for name in _TYPES:
        handler = handlers[name]
        handlers[name] = handler | {
            "create": _create(handler["create"], recovery),
            "update": _update(handler["update"], recovery),
            "delete": _delete(handler["delete"]),
        }


def _create(make: Callable[..., Made], recovery: Recovery) -> Callable[..., Made]:
    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        _refuse_a_name_in_use(logical_id, properties, stack)
        name, attributes = make(logical_id, properties, stack)
        _set_up(name, properties)
        recovery.follow(name)
        return name, attributes

    return create


def _refuse_a_name_in_use(logical_id: str, properties: Properties, stack: str) -> None:
    """Raise ValueError for a name of the template that a table has; draw another one for a generated name.

    AWS: the table may be one that a deleted stack left behind.
    """
    formation = module("services.cloudformation.provisioners")
    tables = module("services.dynamodb")._tables
    chosen = properties.get("TableName")
    if chosen in tables:
        raise ValueError(
            f"Resource handler returned message: \"Resource of type 'AWS::DynamoDB::Table' with identifier "
            f"'{chosen}' already exists.\" (HandlerErrorCode: AlreadyExists)"
        )
    if not chosen and formation._physical_name(stack, logical_id, max_len=255) in tables:
        formation._NAME_SEED.set(formation.new_uuid()[:8])


def _update(change: Callable[..., Made], recovery: Recovery) -> Callable[..., Made]:
    def update(name: str, old: Properties, new: Properties, *place: Any) -> Made:
        name, attributes = change(name, old, new, *place)
        _set_up(name, new)
        recovery.follow(name)
        return name, attributes

    return update


def _set_up(name: str, properties: Properties) -> None:
    """Give a table the recovery, the expiry and the encryption that its template states."""
    dynamodb = module("services.dynamodb")
    dynamodb._pitr_settings[name] = any(
        spec.get("PointInTimeRecoveryEnabled") in (True, "true") for spec in _recovery(properties)
    )
    expiry = properties.get("TimeToLiveSpecification") or {}
    dynamodb._ttl_settings.pop(name, None)
    if expiry.get("AttributeName"):
        enabled = expiry.get("Enabled") in (True, "true")
        dynamodb._ttl_settings[name] = {
            "AttributeName": expiry["AttributeName"],
            "TimeToLiveStatus": "ENABLED" if enabled else "DISABLED",
        }
    encryption = properties.get("SSESpecification")
    if encryption:
        wanted = {**encryption, "Enabled": encryption.get("SSEEnabled") in (True, "true")}
        dynamodb._tables[name]["SSEDescription"] = dynamodb._sse_description_from_spec(wanted)


def _recovery(properties: Properties) -> Iterator[Mapping[str, Any]]:
    """Yield what a template says of recovery: a global table says it for each replica."""
    for place in (properties, *properties.get("Replicas", ())):
        yield place.get("PointInTimeRecoverySpecification") or {}


def _delete(remove: Callable[[str, Properties], None]) -> Callable[[str, Properties], None]:
    def delete(name: str, properties: Properties) -> None:
        table = module("services.dynamodb")._tables.get(name) or {}
        if table.get("DeletionProtectionEnabled"):
            raise ValueError(
                f"Resource cannot be deleted as it is currently protected against deletion: table {name}. "
                "Disable deletion protection first."
            )
        remove(name, properties)

    return delete
