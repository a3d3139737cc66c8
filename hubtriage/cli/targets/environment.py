"""The AWS Region and profile of the process, for boto3 and for what a command starts."""

import os

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def set_region(region: str) -> None:
    """Have all tools of AWS use a Region: CDK heeds one variable, boto3 the other."""
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region


def set_profile(profile: str) -> None:
    """Have all tools of AWS use a profile. AWS: they prefer keys in the environment to AWS_PROFILE."""
    os.environ["AWS_PROFILE"] = profile
    for name in KEYS:
        os.environ.pop(name, None)
