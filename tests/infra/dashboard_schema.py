"""What CloudWatch takes as the body of a dashboard, as far as this one uses it. AWS: PutDashboard.

It is stricter than AWS where a slip would show nothing: AWS ignores what it does not know.
"""

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_RELATIVE = {"type": "string", "pattern": r"^-P(T?\d+[MHDW])$"}
_UNSIGNED = {"type": "integer", "minimum": 0}
_AXIS = {
    "type": "object",
    "properties": {"label": _TEXT, "min": {"type": "number"}, "showUnits": {"type": "boolean"}},
    "additionalProperties": False,
}
_METRIC_OPTIONS = {
    "type": "object",
    "properties": {
        "label": _TEXT,
        "id": {"type": "string", "pattern": "^[a-z][a-zA-Z0-9_]{0,254}$"},
        "expression": {"type": "string", "minLength": 1, "maxLength": 2048},
        "period": {"type": "integer", "minimum": 60, "multipleOf": 60},
        "stat": {
            "type": "string",
            "pattern": r"^(Sum|Average|Minimum|Maximum|SampleCount|p\d{1,2})$",
        },
        "visible": {"type": "boolean"},
    },
    "additionalProperties": False,
}
# AWS: namespace, name, then up to 30 dimensions, each a name and a value; an expression stands alone.
_METRIC = {
    "oneOf": [
        {
            "type": "array",
            "items": [{**_METRIC_OPTIONS, "required": ["expression"]}],
            "minItems": 1,
            "maxItems": 1,
        },
        {
            "type": "array",
            "items": [_TEXT, _TEXT, _TEXT, _TEXT, {"not": {"required": ["expression"]}, **_METRIC_OPTIONS}],
            "minItems": 4,
            "maxItems": 5,
        },
    ]
}
_METRIC_WIDGET = {
    "type": "object",
    "properties": {
        "title": _TEXT,
        "view": {"enum": ["timeSeries", "singleValue"]},
        "region": _TEXT,
        "metrics": {"type": "array", "items": _METRIC, "minItems": 1, "maxItems": 500},
        "yAxis": {"type": "object", "properties": {"left": _AXIS}, "additionalProperties": False},
        "annotations": {
            "type": "object",
            "properties": {
                "horizontal": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "value": {"type": "number"},
                            "label": _TEXT,
                            "color": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
                            "yAxis": {"enum": ["left"]},
                        },
                        "required": ["value"],
                        "additionalProperties": False,
                    },
                }
            },
            "additionalProperties": False,
        },
        "start": _RELATIVE,
        "setPeriodToTimeRange": {"type": "boolean"},
        "singleValueFullPrecision": {"type": "boolean"},
    },
    "required": ["title", "view", "region", "metrics"],
    "additionalProperties": False,
}
_ALARM_WIDGET = {
    "type": "object",
    "properties": {
        "title": _TEXT,
        "alarms": {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": 100, "uniqueItems": True},
        "sortBy": {"enum": ["default", "stateUpdatedTimestamp", "timestamp"]},
    },
    "required": ["alarms"],
    "additionalProperties": False,
}
_TEXT_WIDGET = {
    "type": "object",
    "properties": {"markdown": _TEXT, "background": {"enum": ["solid", "transparent"]}},
    "required": ["markdown"],
    "additionalProperties": False,
}


def _widget(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "type": {"const": kind},
            "x": {**_UNSIGNED, "maximum": 23},
            "y": _UNSIGNED,
            "width": {"type": "integer", "minimum": 1, "maximum": 24},
            "height": {"type": "integer", "minimum": 1, "maximum": 1000},
            "properties": properties,
        },
        "required": ["type", "x", "y", "width", "height", "properties"],
        "additionalProperties": False,
    }


DASHBOARD_BODY: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "start": _RELATIVE,
        "periodOverride": {"enum": ["auto", "inherit"]},
        "widgets": {
            "type": "array",
            "maxItems": 500,
            "items": {
                "oneOf": [
                    _widget("metric", _METRIC_WIDGET),
                    _widget("alarm", _ALARM_WIDGET),
                    _widget("text", _TEXT_WIDGET),
                ]
            },
        },
    },
    "required": ["widgets"],
    "additionalProperties": False,
}
