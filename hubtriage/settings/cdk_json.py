"""Read the context of `cdk.json`, in which settings of the deployment can stand as well."""

import json
from pathlib import Path
from typing import Any

from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import ProjectFile, shown


def cdk_context(found: ProjectFile | None) -> dict[str, Any]:
    """Return the context of the `cdk.json` next to `hubtriage.toml`; without that file, of one in this
    folder.

    It is empty if there is no `cdk.json`. Raises ConfigurationError if it cannot be read.
    """
    path = (Path.cwd() if found is None else found.path.parent) / "cdk.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise ConfigurationError((f"{shown(path)}: not valid JSON: {error}",)) from None
    except OSError as error:
        raise ConfigurationError((f"{shown(path)}: {error.strerror or error}",)) from None
    context = document.get("context", {}) if isinstance(document, dict) else None
    if not isinstance(context, dict):
        raise ConfigurationError((f"{shown(path)}: `context` is not an object",))
    return context
