"""What GuardDuty saw, in OCSF."""

from __future__ import annotations

from typing import Any


def evidences(action: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the evidences of an action that a finding in ASFF has."""
    kind = action["ActionType"]
    if kind == "PORT_PROBE":
        return [_probe(each) for each in action["PortProbeAction"]["PortProbeDetails"]]
    if kind == "NETWORK_CONNECTION":
        return [_connection(action["NetworkConnectionAction"])]
    if kind == "AWS_API_CALL":
        return [_call(action["AwsApiCallAction"])]
    return [{"query": {"hostname": action["DnsRequestAction"]["Domain"], "type": "A"}}]


def _endpoint(remote: dict[str, Any], port: int | None = None) -> dict[str, Any]:
    """Return an endpoint on the internet."""
    at = {"port": port} if port is not None else {}
    system = {"name": remote["Organization"]["AsnOrg"], "number": remote["Organization"]["Asn"]}
    location = {"country": remote["Country"]["CountryName"]}
    return {"ip": remote["IpAddressV4"], **at, "autonomous_system": system, "location": location}


def _probe(probe: dict[str, Any]) -> dict[str, Any]:
    return {
        "src_endpoint": _endpoint(probe["RemoteIpDetails"]),
        "dst_endpoint": {"port": probe["LocalPortDetails"]["Port"]},
        "connection_info": {"direction": "Inbound", "direction_id": 1},
    }


def _connection(connection: dict[str, Any]) -> dict[str, Any]:
    is_inbound = connection["ConnectionDirection"] == "INBOUND"
    remote = _endpoint(connection["RemoteIpDetails"], connection["RemotePortDetails"]["Port"])
    local = {"port": connection["LocalPortDetails"]["Port"]}
    direction = {"direction": "Inbound", "direction_id": 1}
    if not is_inbound:
        remote, local = local, remote
        direction = {"direction": "Outbound", "direction_id": 2}
    return {
        "src_endpoint": remote,
        "dst_endpoint": local,
        "connection_info": {**direction, "protocol_name": connection["Protocol"].lower()},
    }


def _call(call: dict[str, Any]) -> dict[str, Any]:
    api = {"operation": call["Api"], "service": {"name": call["ServiceName"]}}
    return {"api": api, "src_endpoint": _endpoint(call["RemoteIpDetails"])}
