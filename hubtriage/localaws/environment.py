"""What ministack and the Lambda functions read from the environment of the local AWS's process."""

import argparse
import os
import sys
from pathlib import Path

from hubtriage.localaws.securityhub.settings import HubSettings

CERTIFICATE = Path("ministack-tls", "server.crt")
"""Where ministack puts the certificate that it makes for itself, in its data folder."""


def prepare_environment(options: argparse.Namespace, port: int) -> None:
    """Set what ministack reads from the environment while it is imported: loopback, one account, no extras.

    Lambda functions inherit it: they find every service at `--lambda-endpoint`, by default this process.
    """
    account, region, data = options.account, options.region, options.data
    scheme = "https" if options.auth else "http"
    os.environ.update(
        {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "localhost",
            "AUTH": str(options.auth).lower(),
            "USE_SSL": str(int(options.auth)),
            "MINISTACK_ACCOUNT_ID": account,
            "MINISTACK_REGION": region,
            "AWS_ENDPOINT_URL": options.lambda_endpoint or f"{scheme}://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": region,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "S3_DATA_DIR": str(data / "s3"),
            "TMPDIR": str(data),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{data}/no-docker.sock",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        }
    )
    if options.durable:
        os.environ.update({"PERSIST_STATE": "1", "STATE_DIR": str(data / "state")})
    if options.auth:
        # For boto3, and for what talks to us without it, such as a custom resource's answer.
        os.environ["AWS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = str(data / CERTIFICATE)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ.pop(name, None)
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    for wait in ("SETTLE", "QUIET"):  # what is done shows at once here, and counts of messages are exact
        os.environ.setdefault(f"HUBTRIAGE_SWEEP_{wait}_SECONDS", "1")
    os.environ.setdefault("HUBTRIAGE_TICKETS_HURRY", "60")  # a minute between two edits is a second
    for name, value in lateness(HubSettings.from_json(options.settings)).items():
        os.environ.setdefault(name, value)


def lateness(settings: HubSettings) -> dict[str, str]:
    """Return how late events and readings of a hub may be, as the functions and commands read it.

    AWS: minutes. There is one clock here, and an event has the time of the write that it shows. Tests need
    not wait as long for a function that died.
    """
    return {
        "HUBTRIAGE_SKEW_SECONDS": "1",
        "HUBTRIAGE_SETTLE_SECONDS": f"{settings.event_delay[1]:g}",
        "HUBTRIAGE_LAG_SECONDS": f"{settings.visible_after + 1:g}",
        "HUBTRIAGE_SHORTEST_LEASE_SECONDS": "10",
    }
