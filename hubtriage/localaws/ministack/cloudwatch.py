"""CloudWatch: pages of logs, metrics of functions' logs, alarms that call functions, saved queries."""

import contextvars
import threading
from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.ministack.internals import module
from hubtriage.localaws.ministack.log_metrics import alarm_event, embedded_metrics, kept_lines
from hubtriage.localaws.ministack.log_pages import paged


def watch() -> None:
    """Make ministack page logs, make metrics of them, call functions on alarms, and accept saved queries."""
    logs = module("services.cloudwatch_logs")
    logs._filter_log_events = paged(logs._filter_log_events)
    _accept_query_definitions()
    _make_metrics_of_logs()
    _let_alarms_call_functions()


def _accept_query_definitions() -> None:
    """Accept CloudWatch Logs' saved queries in CloudFormation; keep them nowhere."""

    def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
        name = properties.get("Name", logical_id)
        return f"{stack}-{name}", {"QueryDefinitionId": f"{stack}-{name}"}

    def delete(_physical_id: str, _properties: Mapping[str, Any]) -> None:
        return None

    handlers = module("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    handlers["AWS::Logs::QueryDefinition"] = {"create": create, "delete": delete}


def _make_metrics_of_logs() -> None:
    """Turn log lines in CloudWatch's embedded metric format into metrics, which alarms see.

    AWS: only of lines that pass the function's application log level, which ministack knows nothing of.
    """
    functions, watch = module("services.lambda_svc"), module("services.cloudwatch")
    write = functions._emit_lambda_logs

    def emit(func: Any, request_id: str, log_text: str, *args: Any, **options: Any) -> None:
        logging = (func.get("config") or func).get("LoggingConfig") or {}
        log = kept_lines(log_text or "", logging.get("ApplicationLogLevel", "INFO"))
        write(func, request_id, log, *args, **options)
        metrics = list(embedded_metrics(log))
        for metric in metrics:
            watch.record_metric(metric.namespace, metric.name, metric.value, metric.unit, metric.dimensions)
        if metrics:
            watch._evaluate_all_alarms()

    functions._emit_lambda_logs = emit


def _let_alarms_call_functions() -> None:
    """Let a function be an action of an alarm. AWS: it gets the new state, asynchronously."""
    watch = module("services.cloudwatch")
    notify = watch._dispatch_alarm_actions

    def dispatch(alarm: Mapping[str, Any], old_state: str, new_state: str, reason: str) -> None:
        notify(alarm, old_state, new_state, reason)
        if alarm.get("ActionsEnabled", True):
            for action in alarm.get(_ALARM_ACTIONS.get(new_state, ""), ()):
                if action.startswith("arn:aws:lambda:"):
                    event = alarm_event(alarm, new_state, reason)
                    run = contextvars.copy_context().run  # its account and Region
                    threading.Thread(target=run, args=(_call_function, action, event), daemon=True).start()

    watch._dispatch_alarm_actions = dispatch


_ALARM_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


def _call_function(arn: str, event: dict[str, Any]) -> None:
    functions = module("services.lambda_svc")
    record, config, _name = functions._get_func_record_for_ref(arn)
    functions._execute_function_with_config_scope(
        functions._execution_record_for_config(record, config), event
    )
