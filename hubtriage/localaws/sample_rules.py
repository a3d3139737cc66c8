"""The sample rules that hubtriage brings: for the demonstration, and to be known again."""

from pathlib import Path
from typing import Final

from hubtriage.localaws.synth import PROJECT

_SHIPPED: Final = Path(__file__).parent / "demo" / "rules"
SAMPLE_RULES: Final = _SHIPPED if _SHIPPED.is_dir() else PROJECT / "rules"
"""Their folder: in a wheel it is next to the demonstration."""
