"""Draw the dashboard of the reviewed template, so that a person can look at its layout.

`python -m tests.infra.draw_dashboard dashboard.svg` writes an SVG. Its values are invented; the places,
sizes, titles, legends, units and texts are those that CloudWatch gets.
"""

import json
import math
import re
import sys
import textwrap
from collections.abc import Generator, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT

REVIEWED = ROOT / "tests" / "infra" / "golden" / "default.json"
CELL_WIDTH, CELL_HEIGHT, GAP = 60, 50, 4
COLORS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd")
LETTER = 6.2  # width of a letter of 12 px, about
LINE = 17


def body(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the body of the only dashboard of a reviewed template."""
    (page,) = [
        item["Properties"]["DashboardBody"]
        for item in template["Resources"].values()
        if item["Type"] == "AWS::CloudWatch::Dashboard"
    ]
    found: Mapping[str, Any] = page
    return found


def drawing(page: Mapping[str, Any]) -> str:
    """Return the dashboard as SVG."""
    widgets = page["widgets"]
    height = max(widget["y"] + widget["height"] for widget in widgets) * CELL_HEIGHT
    parts = "\n".join(line for widget in widgets for line in _widget(widget))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{24 * CELL_WIDTH}" height="{height}" '
        f'font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="#f2f3f3"/>\n{parts}\n</svg>\n'
    )


def _widget(widget: Mapping[str, Any]) -> Iterator[str]:
    x, y = widget["x"] * CELL_WIDTH + GAP, widget["y"] * CELL_HEIGHT + GAP
    width, height = widget["width"] * CELL_WIDTH - 2 * GAP, widget["height"] * CELL_HEIGHT - 2 * GAP
    properties = widget["properties"]
    yield f'<svg x="{x}" y="{y}" width="{width}" height="{height}">'
    if properties.get("background") != "transparent":
        yield '<rect width="100%" height="100%" fill="white" stroke="#d5dbdb"/>'
    if "title" in properties:
        yield _text(10, 20, properties["title"], 'font-weight="bold"')
    if widget["type"] == "text":
        yield from _markdown(properties["markdown"], width)
    elif widget["type"] == "alarm":
        yield from _alarms(properties["alarms"], width, height)
    elif properties["view"] == "singleValue":
        yield from _numbers(_labels(properties), width, height)
    else:
        yield from _graph(properties, width, height)
    yield "</svg>"


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {style}>{escape(words)}</text>'


def _labels(properties: Mapping[str, Any]) -> list[str]:
    """Return what the legend says: of each metric its label, otherwise its name."""
    labels = []
    for metric in properties["metrics"]:
        options = metric[-1] if isinstance(metric[-1], Mapping) else {}
        if options.get("visible", True):
            label = options.get("label") or (metric[1] if len(metric) > 1 else "one for each value")
            labels.append(str(label))
    return labels


def _numbers(labels: list[str], width: float, height: float) -> Iterator[str]:
    for place, label in enumerate(labels):
        x = 10 + place * (width - 10) / len(labels)
        yield _text(x, height / 2, "0" if place else "1", 'font-size="28"')
        for line, words in enumerate(textwrap.wrap(label, int((width - 10) / len(labels) / LETTER) or 1)):
            yield _text(x, height / 2 + 22 + LINE * line, words, 'fill="#545b64"')


def _alarms(arns: list[str], width: float, height: float) -> Iterator[str]:
    columns = max(1, int(width // 130))
    for place, arn in enumerate(arns):
        x, y = 10 + place % columns * (width - 10) / columns, 32 + place // columns * 22
        name = re.sub(r"^\$\{Watch|[0-9A-F]{8}\.Arn\}$", "", arn)
        size = f'width="{(width - 20) / columns - 4:.0f}" height="18"'
        yield f'<rect x="{x:.0f}" y="{y}" {size} fill="#e9f5e4"/>'
        if y < height:
            yield _text(x + 4, y + 13, name, 'font-size="10"')


def _graph(properties: Mapping[str, Any], width: float, height: float) -> Iterator[str]:
    left, top, bottom = 44.0, 50.0, height - 44
    axis = properties.get("yAxis", {}).get("left", {})
    yield _text(10, 40, axis.get("label", "(no unit)"), 'fill="#545b64" font-size="10"')
    yield f'<path d="M{left} {top}V{bottom}H{width - 10}" fill="none" stroke="#aab7b8"/>'
    for line, annotation in enumerate(properties.get("annotations", {}).get("horizontal", ())):
        y = top + 8 + 22 * line
        yield f'<path d="M{left} {y}H{width - 10}" stroke="#d62728" stroke-dasharray="4 3"/>'
        yield _text(left + 6, y - 3, f"{annotation['label']}: {annotation['value']:g}", 'font-size="10"')
    x = 10.0
    for place, label in enumerate(_labels(properties)):
        points = " ".join(
            f"{left + step * (width - left - 10) / 40:.0f},"
            f"{bottom - 12 - 20 * place - 10 * math.sin(step / 3 + place):.0f}"
            for step in range(41)
        )
        color = COLORS[place % len(COLORS)]
        yield f'<polyline points="{points}" fill="none" stroke="{color}"/>'
        yield f'<rect x="{x:.0f}" y="{height - 22}" width="10" height="10" fill="{color}"/>'
        yield _text(x + 14, height - 12, label, 'font-size="11"')
        x += 26 + LETTER * len(label)


def _markdown(markdown: str, width: float) -> Iterator[str]:
    y = 22.0
    for line in markdown.split("\n"):
        shown = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"<\1>", line).replace("**", "")
        if line.startswith("#"):
            yield _text(4, y + 6, shown.lstrip("# "), 'font-size="20" font-weight="bold"')
            y += 34
        elif line.startswith("|"):
            if set(line) - set("|-"):
                used = yield from _row([cell.strip() for cell in shown.strip("|").split("|")], y, width)
                y += used
        elif line:
            yield _text(4, y, shown)
            y += LINE


def _row(cells: list[str], y: float, width: float) -> Generator[str, None, float]:
    """Yield a row of a table, and return its height."""
    shares = (0.16, 0.26, 0.28, 0.3)
    tallest, x = 1, 4.0
    for cell, share in zip(cells, shares, strict=True):
        lines = textwrap.wrap(cell, int(width * share / LETTER) - 2)
        tallest = max(tallest, len(lines))
        for line, words in enumerate(lines):
            yield _text(x, y + LINE * line, words)
        x += width * share
    return tallest * LINE + 8


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(drawing(body(json.loads(REVIEWED.read_text()))), encoding="utf-8")
