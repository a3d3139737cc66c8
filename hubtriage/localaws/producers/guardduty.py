"""GuardDuty: threats, with the action that was seen and the address that it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hubtriage.localaws.organization import SCANNERS
from hubtriage.localaws.producers.draw import Draw, FindingScene
from hubtriage.localaws.producers.resources.resource import resource
from hubtriage.localaws.producers.shape import Finding, Product, Said, finding

PRODUCT: Final = Product("aws/guardduty", "GuardDuty", "Amazon")


@dataclass(frozen=True, slots=True)
class Threat:
    """A finding type (`Purpose:Resource/Family`), GuardDuty's own severity, and what is attacked."""

    kind: str
    tactic: str
    severity: float
    resource_type: str
    action: str
    title: str

    @property
    def asff_type(self) -> str:
        """AWS: Security Hub writes the slash of the finding type as a hyphen."""
        return f"{self.tactic}/{self.kind.replace('/', '-')}"

    @property
    def role(self) -> str:
        """Whether the resource is attacked (TARGET) or attacks, as others control it (ACTOR)."""
        attacked = self.action == "PORT_PROBE" or self.kind.endswith("BruteForce")
        return "TARGET" if attacked or self.resource_type == "AwsS3Bucket" else "ACTOR"

    @property
    def label(self) -> str:
        """AWS: GuardDuty's bands are low 1-3.9, medium 4-6.9, high 7-8.9, critical 9-10."""
        bands = ((9.0, "CRITICAL"), (7.0, "HIGH"), (4.0, "MEDIUM"))
        return next((label for floor, label in bands if self.severity >= floor), "LOW")


_TABLE: Final = """
Recon:EC2/PortProbeUnprotectedPort|TTPs/Discovery|2|AwsEc2Instance|PORT_PROBE|Unprotected port on an EC2 instance is being probed.
UnauthorizedAccess:EC2/SSHBruteForce|TTPs/Initial Access|2|AwsEc2Instance|NETWORK_CONNECTION|An EC2 instance is the target of SSH brute force attacks.
Recon:EC2/Portscan|TTPs/Discovery|5|AwsEc2Instance|NETWORK_CONNECTION|Outbound portscan from an EC2 instance.
Recon:IAMUser/MaliciousIPCaller.Custom|TTPs/Discovery|5|AwsIamAccessKey|AWS_API_CALL|An API was invoked from an IP address on a custom threat list.
Policy:S3/BucketBlockPublicAccessDisabled|Software and Configuration Checks/AWS Security Best Practices|2|AwsS3Bucket|AWS_API_CALL|Amazon S3 Block Public Access was disabled for an S3 bucket.
UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B|TTPs/Initial Access|5|AwsIamAccessKey|AWS_API_CALL|Multiple worldwide successful console logins were observed for an IAM user.
Discovery:S3/MaliciousIPCaller|TTPs/Discovery|8|AwsS3Bucket|AWS_API_CALL|An S3 API was invoked from a known malicious IP address.
Behavior:EC2/NetworkPortUnusual|Unusual Behaviors/Network Flow|5|AwsEc2Instance|NETWORK_CONNECTION|An EC2 instance is communicating with a remote host on an unusual port.
Policy:IAMUser/RootCredentialUsage|Software and Configuration Checks/AWS Security Best Practices|2|AwsIamAccessKey|AWS_API_CALL|An API was invoked using root credentials.
UnauthorizedAccess:EC2/RDPBruteForce|TTPs/Initial Access|2|AwsEc2Instance|NETWORK_CONNECTION|An EC2 instance is the target of RDP brute force attacks.
CryptoCurrency:EC2/BitcoinTool.B!DNS|Effects/Resource Consumption|8|AwsEc2Instance|DNS_REQUEST|A Bitcoin-related domain name was queried by an EC2 instance.
Stealth:IAMUser/CloudTrailLoggingDisabled|TTPs/Defense Evasion|2|AwsIamAccessKey|AWS_API_CALL|AWS CloudTrail logging was disabled.
Backdoor:EC2/C&CActivity.B!DNS|TTPs/Command and Control|8|AwsEc2Instance|DNS_REQUEST|A command and control server domain name was queried by an EC2 instance.
Trojan:EC2/DNSDataExfiltration|Effects/Data Exfiltration|8|AwsEc2Instance|DNS_REQUEST|An EC2 instance is sending data out through DNS queries.
UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS|TTPs/Credential Access|8|AwsIamAccessKey|AWS_API_CALL|Credentials of an EC2 instance role were used from outside AWS.
AttackSequence:IAM/CompromisedCredentials|TTPs|9|AwsIamAccessKey|AWS_API_CALL|A sequence of actions indicates potentially compromised credentials.
"""  # noqa: E501  one type a line


def _parsed(line: str) -> Threat:
    kind, tactic, severity, resource_type, action, title = line.split("|")
    return Threat(kind, tactic, float(severity), resource_type, action, title)


_THREATS: Final = tuple(_parsed(line) for line in _TABLE.strip().splitlines())

_CALLS: Final = (
    ("s3.amazonaws.com", "ListBuckets"),
    ("iam.amazonaws.com", "ListUsers"),
    ("s3.amazonaws.com", "PutBucketPublicAccessBlock"),
    ("cloudtrail.amazonaws.com", "StopLogging"),
    ("signin.amazonaws.com", "ConsoleLogin"),
)
_DOMAINS: Final = ("pool.minexmr.example", "c2.badhost.example", "xmr.crypto.example", "a9f3.exfil.example")
_COUNTRIES: Final = ("Netherlands", "United States", "Russia", "Brazil", "Germany", "Vietnam")
_PORTS: Final = ((22, "SSH"), (3389, "RDP"), (443, "HTTPS"), (8080, "HTTP-ALT"), (445, "SMB"))


def _remote_address(draw: Draw) -> str:
    """Return an address: one in six is that of an own scanner, the others are from anywhere."""
    if draw.chance(1 / 6):
        return draw.pick(SCANNERS)
    return f"{draw.pick(('203.0.113', '192.0.2'))}.{draw.between(1, 254)}"


def _remote_ip(draw: Draw) -> dict[str, Any]:
    return {
        "IpAddressV4": _remote_address(draw),
        "Organization": {"Asn": draw.between(1000, 65000), "AsnOrg": "EXAMPLE-AS", "Isp": "Example ISP"},
        "Country": {"CountryName": draw.rank(_COUNTRIES)},
        "GeoLocation": {"Lat": draw.between(-60, 60) + 0.5, "Lon": draw.between(-170, 170) + 0.25},
    }


def _network_connection(draw: Draw, threat: Threat) -> dict[str, Any]:
    port, name = draw.rank(_PORTS)
    return {
        "NetworkConnectionAction": {
            "ConnectionDirection": "INBOUND" if threat.role == "TARGET" else "OUTBOUND",
            "Protocol": "TCP",
            "Blocked": False,
            "RemoteIpDetails": _remote_ip(draw),
            "RemotePortDetails": {"Port": draw.between(32768, 60999), "PortName": "Unknown"},
            "LocalPortDetails": {"Port": port, "PortName": name},
        }
    }


def _port_probe(draw: Draw, _: Threat) -> dict[str, Any]:
    """Return a probe of several ports, each with the addresses that knocked there."""
    probes = [
        {"LocalPortDetails": {"Port": port, "PortName": name}, "RemoteIpDetails": _remote_ip(draw)}
        for port, name in _PORTS[: draw.rank((1, 2, 3))]
    ]
    return {"PortProbeAction": {"Blocked": False, "PortProbeDetails": probes}}


def _api_call(draw: Draw, _: Threat) -> dict[str, Any]:
    service, api = draw.rank(_CALLS)
    call = {"Api": api, "ServiceName": service, "CallerType": "remoteIp", "RemoteIpDetails": _remote_ip(draw)}
    return {"AwsApiCallAction": call}


def _dns_request(draw: Draw, _: Threat) -> dict[str, Any]:
    return {"DnsRequestAction": {"Domain": draw.pick(_DOMAINS), "Protocol": "UDP", "Blocked": False}}


_ACTIONS: Final[dict[str, Callable[[Draw, Threat], dict[str, Any]]]] = {
    "NETWORK_CONNECTION": _network_connection,
    "PORT_PROBE": _port_probe,
    "AWS_API_CALL": _api_call,
    "DNS_REQUEST": _dns_request,
}


def _flattened(prefix: str, value: Any) -> dict[str, str]:
    """AWS: GuardDuty's own document appears in ProductFields flattened, in lower camel case, as texts."""
    if isinstance(value, dict):
        inner = ((f"{prefix}/{key[0].lower()}{key[1:]}", item) for key, item in value.items())
        return {key: text for path, item in inner for key, text in _flattened(path, item).items()}
    if isinstance(value, list):
        inner = ((f"{prefix}.{index}_", item) for index, item in enumerate(value))
        return {key: text for path, item in inner for key, text in _flattened(path, item).items()}
    return {prefix: str(value).lower() if isinstance(value, bool) else str(value)}


def guardduty_finding(scene: FindingScene) -> Finding:
    """Return one threat; one in fifty is a sample finding that a person generated."""
    draw = scene.draw
    threat = draw.rank(_THREATS)
    detector = Draw(f"{scene.account.id}/{scene.region}/detector").hex(32)
    generator = scene.arn("guardduty", f"detector/{detector}")
    action = _ACTIONS[threat.action](draw, threat)
    identifier = draw.hex(32)
    said = Said(
        id=f"{generator}/finding/{identifier}",
        generator=generator,
        types=(threat.asff_type,),
        severity=threat.label,
        original=str(threat.severity),
        title=threat.title,
        description=f"{threat.title} Finding type {threat.kind}, seen by detector {detector}.",
        advice_url=None,
        mean_age_days=20.0,
    )
    fields = {
        "aws/guardduty/service/serviceName": "guardduty",
        "aws/guardduty/service/detectorId": detector,
        "aws/guardduty/service/archived": "false",
        "aws/guardduty/service/count": str(1 + int(draw.exponential(4))),
        "aws/guardduty/service/resourceRole": threat.role,
        "aws/guardduty/service/action/actionType": threat.action,
        **_flattened("aws/guardduty/service/action", action),
    }
    console = f"https://{scene.region}.console.aws.amazon.com/guardduty/home?region={scene.region}"
    extra: dict[str, Any] = {
        "Action": {"ActionType": threat.action, **action},
        "SourceUrl": f"{console}#/findings?macros=current&fId={identifier}",
    }
    if draw.chance(0.02):
        extra["Sample"] = True
    return finding(scene, PRODUCT, said, [resource(scene, threat.resource_type)], fields, **extra)
