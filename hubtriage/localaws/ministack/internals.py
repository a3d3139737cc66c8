"""The internals of ministack that are used here, and the one version that has them."""

import importlib
from importlib.metadata import version
from typing import Any

MINISTACK = "1.5.33"
"""The version whose internals are known."""

_INTERNALS = {
    "ministack.app": ("app", "SERVICE_HANDLERS", "AUTH"),
    "ministack.core.router": ("SERVICE_PATTERNS", "extract_access_key_id", "extract_region"),
    "ministack.core.responses": (
        "StreamingResponse",
        "error_response_json",
        "json_response",
        "get_account_id",
        "get_region",
        "request_scope",
    ),
    "ministack.core.iam_actions": (
        "SERVICE_TO_IAM_NAMESPACE",
        "_BOTOCORE_SERVICE_MAP",
        "extract_iam_action",
        "dynamodb_service_context",
        "dynamodb_transaction_checks",
        "extract_resource_arn",
        "request_tag_context",
    ),
    "ministack.services.cloudwatch_logs": ("_filter_log_events",),
    "ministack.services.cloudwatch": ("record_metric", "_evaluate_all_alarms", "_dispatch_alarm_actions"),
    "ministack.core.iam_evaluator": (
        "request_caller_arn",
        "_resolve_condition_key",
        "EvalContext",
        "evaluate_resource_policy",
        "enforce",
    ),
    "ministack.core.lambda_runtime": ("_workers", "_lock", "Worker", "execution_credentials", "zipfile"),
    "ministack.core.tls": ("use_ssl_enabled", "resolve_tls_material"),
    "ministack.services.cloudformation.provisioners": (
        "_NAME_SEED",
        "_RESOURCE_HANDLERS",
        "_physical_name",
        "new_uuid",
    ),
    "ministack.services.dynamodb": (
        "_describe_continuous_backups",
        "_items_replaced",
        "_normalize_table_name",
        "_parse_partiql",
        "_pitr_settings",
        "_remove_item",
        "_restore_table_to_point_in_time",
        "_set_item",
        "_sse_description_from_spec",
        "_tables",
        "_ttl_settings",
        "_update_continuous_backups",
        "handle_request",
    ),
    "ministack.services.eventbridge": (
        "_dispatch_event",
        "_pattern_event_view",
        "_archive_event",
        "_event_bus_policies",
        "_event_buses",
        "_invoke_target",
        "_remove_permission",
    ),
    "ministack.services.sqs": (
        "_receive_messages_for_esm",
        "_collect_msgs",
        "_queues_lock",
        "_get_q",
        "_expire_retained",
        "_queue_by_arn",
        "_queues",
        "_Err",
        "_HANDLERS",
    ),
    "ministack.services.sts": ("register_session",),
    "ministack.services.lambda_svc": (
        "_esms",
        "_esm_inflight",
        "_run_sqs_batch",
        "_emit_lambda_logs",
        "_get_func_record_for_ref",
        "_execution_record_for_config",
        "_execute_function_with_config_scope",
        "execution_credentials",
    ),
}


class MinistackChangedError(RuntimeError):
    """The installed ministack is not the one whose internals are known."""


def check_ministack() -> None:
    """Raise MinistackChangedError unless ministack is the known version with the internals used here."""
    found = version("ministack")
    if found != MINISTACK:
        raise MinistackChangedError(
            f"ministack {MINISTACK} is needed, {found} is installed; run `make setup`"
        )
    for name, members in _INTERNALS.items():
        module = importlib.import_module(name)
        missing = [member for member in members if not hasattr(module, member)]
        if missing:
            raise MinistackChangedError(
                f"{name} has no {', '.join(missing)}; hubtriage/local/ministack has to follow it"
            )


def module(name: str) -> Any:
    """Return a module of ministack, untyped: all that is used of it is in `_INTERNALS`."""
    return importlib.import_module(f"ministack.{name}")
