"""Which texts are addresses: what the standard library reads, less zones and IPv4 tails."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.text.addresses import parse_address


@given(st.ip_addresses())
def test_an_address_is_read_however_it_is_written(address: IPv4Address | IPv6Address) -> None:
    expected = (address.max_prefixlen, int(address))
    for text in (str(address), address.exploded, address.exploded.upper()):
        assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("fe80::1%eth0", id="a zone"),
        pytest.param("::ffff:192.0.2.1", id="an IPv4 tail"),
        pytest.param("10.0.0.01", id="a leading zero"),
        pytest.param("10.0.0", id="three numbers"),
        pytest.param("10.0.0.256", id="a number above 255"),
        pytest.param("10.0.0.1 ", id="a blank"),
        pytest.param("10.0.0.\u0663", id="a digit of another script"),
        pytest.param("10.0.0.0/8", id="a network"),
        pytest.param("1::2::3", id="two gaps"),
        pytest.param("1:2:3:4:5:6:7:8::", id="a gap for nothing"),
        pytest.param("00001::", id="five digits in a group"),
        pytest.param("::1" + " " * 40, id="a text longer than any address"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_plainly_an_address_is_none(text: str) -> None:
    assert parse_address(text) is None
