"""Say what to do with a package: the commands that upload it and deploy it, spelled out."""

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from hubtriage.packaging.package import CAPABILITY, PackagedStack
from hubtriage.packaging.template import BUCKET, DEFAULT_PREFIX, MOST_BYTES, MOST_INLINE

README = "README.md"
PLACEHOLDER = "NAME-OF-YOUR-BUCKET"


def commands(stack: PackagedStack) -> str:
    """Return the commands that deploy one stack, to be run in the folder of the package."""
    region = f" --region {stack.region}" if stack.region else ""
    tags = [shlex.quote(f"{key}={value}") for key, value in stack.tags.items()]
    deploy = [
        f"aws cloudformation deploy{region} --stack-name {stack.name}",
        f"--template-file {stack.template}",
        f'--s3-bucket "$BUCKET" --s3-prefix {DEFAULT_PREFIX.rstrip("/")}',
        f'--parameter-overrides {BUCKET}="$BUCKET"',
        f"--capabilities {CAPABILITY} --no-fail-on-empty-changeset",
        *([f"--tags {' '.join(tags)}"] if tags else []),
    ]
    where = f" in {stack.region}" if stack.region else ", in the Region of the stack"
    zips = '--recursive --exclude "*" --include "*.zip" --no-progress'
    upload = f'aws s3 cp{region} . "s3://$BUCKET/{DEFAULT_PREFIX}" {zips}'
    return "\n".join([f"BUCKET={PLACEHOLDER}  # a bucket of yours{where}", upload, " \\\n  ".join(deploy)])


def instructions(folder: Path, stacks: Iterable[PackagedStack]) -> str:
    """Return what to run next, from the folder that a command ran in."""
    steps = [commands(stack) for stack in stacks]
    place = f"./{folder}" if str(folder).startswith("-") else str(folder)  # not an option of cd
    return "\n\n".join([f"cd {shlex.quote(place)}", *steps])


def readme(stacks: Iterable[PackagedStack]) -> str:
    """Return the page that goes with a package."""
    return "\n".join(_readme(stacks))


def _readme(stacks: Iterable[PackagedStack]) -> Iterator[str]:
    yield "# A package of hubtriage\n"
    yield "`hubtriage package` wrote this folder. Do not edit its files: write the package again instead."
    yield "`manifest.json` lists them with their SHA-256.\n"
    for stack in stacks:
        yield f"## Stack {stack.name}{f' in {stack.region}' if stack.region else ''}\n"
        if stack.account:
            yield f"For the account {stack.account} only.\n"
        yield f"Run this in this folder, with AWS credentials:\n\n```sh\n{commands(stack)}\n```\n"
    yield f"CloudFormation takes templates of {MOST_INLINE:,} bytes in the request itself, and up to"
    yield f"{MOST_BYTES:,} bytes from S3. The command above uploads the template to the bucket for that."
    yield "Upload the zips before each deployment. Keep old zips until the next deployment has succeeded: a"
    yield "rollback needs them.\n"
    yield "Let only those write to the bucket who may decide which findings are hidden: it holds the code.\n"
