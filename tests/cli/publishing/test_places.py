"""Places in S3: how they are written, and where a file comes to be."""

import click
import pytest

from hubtriage.cli.publishing.places import S3Place, S3Url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://a-bucket/hub", "s3://a-bucket/hub/latest.html"),
        ("s3://a-bucket/hub/prod/", "s3://a-bucket/hub/prod/latest.html"),
        ("s3://a-bucket/", "s3://a-bucket/latest.html"),
        ("s3://a.bucket", "s3://a.bucket/latest.html"),
    ],
)
def test_a_place_is_a_bucket_and_a_prefix(text: str, url: str) -> None:
    place = S3Url().convert(text, None, None)
    assert place.url("latest.html") == url
    assert S3Url().convert(place, None, None) is place


@pytest.mark.parametrize(
    "text",
    [
        *("a-bucket/hub", "https://a-bucket.s3.amazonaws.com/hub", "s3:/a-bucket", "arn:aws:s3:::abc"),
        *("s3://", "s3:///hub", "S3://abc/x", "s3://A-Bucket/hub", "s3://ab", "s3://a_bucket/x"),
        *("s3://-abc/x", f"s3://{'a' * 64}/x", "s3://a-bucket/a//b", "s3://a-bucket/a\nb", "s3://a-bucket/\udc80"),
        *("s3://a-bucket/\x1b[2J", f"s3://a-bucket/{'ä' * 451}"),
    ],
)  # fmt: skip
def test_another_text_is_no_place(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no place in S3; write s3://BUCKET/PREFIX"):
        S3Url().convert(text, None, None)


def test_a_key_has_no_slash_at_its_beginning() -> None:
    assert S3Place("a-bucket", "").key("latest.json") == "latest.json"
