"""Where the sources of what is deployed are: in a checkout, or in an installed wheel.

The wheel has `infra` and `lambdas` inside of `hubtriage`, so that it puts no other name into site-packages.
"""

from pathlib import Path
from typing import Final

import hubtriage

HERE: Final = Path(__file__).resolve().parent
PACKAGE: Final = Path(hubtriage.__file__).resolve().parent
LAMBDAS: Final = HERE.parent / "lambdas"
"""The functions' handlers, the requirements of their packages, and the lock file of these."""

IS_INSTALLED: Final = HERE.parent == PACKAGE
CONTEXT: Final = (HERE if IS_INSTALLED else HERE.parent) / "cdk.json"
"""What CDK is to do as its newest versions do."""
