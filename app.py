"""Synthesize the stacks. `npx cdk` starts this; `python app.py` writes the same into `CDK_OUTDIR`."""

import sys

from infra.app import main

if __name__ == "__main__":
    sys.exit(main())
