"""What V2's filters ask of a finding in OCSF, and where rules see the same: the view's table, turned round.

Only what is exact stands here. `REFUSED` says why the other members have no exact counterpart, and what to
write by hand. AWS: automation rules look at a finding as its provider sent it, so its severity is the
provider's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from hubtriage.engine.fields import SEVERITIES, UNRANKED
from hubtriage.engine.ocsf.resource_types import asff_type
from hubtriage.engine.ocsf.update import STATUS_IDS
from hubtriage.engine.ocsf.view import COMPLIANCE as COMPLIANCE_LABELS
from hubtriage.engine.ocsf.view import LABELS, STATUSES
from hubtriage.interop.criteria.attributes import AttributeTable, FindingAttribute, table_of
from hubtriage.interop.criteria.input import Path, Refused
from hubtriage.interop.criteria.model import TextTest

OcsfKind = Literal["String", "Number", "Date", "Boolean", "Map", "Ip"]
OCSF_KINDS: tuple[OcsfKind, ...] = ("String", "Number", "Date", "Boolean", "Map", "Ip")

MOST_VALUES = 20
"""AWS: filters of one kind in one composite filter."""
MOST_COMPOSITES = 10


TEXTS = table_of(
    "text",
    """
    cloud.account.uid=AwsAccountId cloud.region=Region
    compliance.control=Compliance.SecurityControlId
    compliance.standards=Compliance.AssociatedStandards[].StandardsId
    finding_info.uid=Id finding_info.title=Title finding_info.desc=Description
    finding_info.src_url=SourceUrl finding_info.types=Types[]
    metadata.product.name=ProductName metadata.product.vendor_name=CompanyName
    metadata.product.uid=ProductArn
    remediation.desc=Remediation.Recommendation.Text
    resources.type=Resources[].Type resources.region=Resources[].Region
    resources.cloud_partition=Resources[].Partition
    vulnerabilities.cve.uid=Vulnerabilities[].Id
    vulnerabilities.related_vulnerabilities=Vulnerabilities[].RelatedVulnerabilities[]
    vulnerabilities.affected_packages.name=Vulnerabilities[].VulnerablePackages[].Name
    """,
    most=MOST_VALUES,
)
NUMBERS = table_of(
    "number", "vulnerabilities.cve.cvss.base_score=Vulnerabilities[].Cvss[].BaseScore", most=MOST_VALUES
)
DATES = table_of(
    "date",
    """
    finding_info.created_time_dt=CreatedAt finding_info.modified_time_dt=UpdatedAt
    finding_info.first_seen_time_dt=FirstObservedAt finding_info.last_seen_time_dt=LastObservedAt
    """,
    most=MOST_VALUES,
)
MAPS = table_of("map", "resources.tags=Resources[].Tags", most=MOST_VALUES)
FLAGS = table_of(
    "text",
    """
    vulnerabilities.is_exploit_available=Vulnerabilities[].ExploitAvailable
    vulnerabilities.is_fix_available=Vulnerabilities[].FixAvailable
    """,
    most=MOST_VALUES,
)
FLAG_WORDS: Mapping[str, Mapping[bool, tuple[str, ...]]] = {
    "vulnerabilities.is_exploit_available": {True: ("YES",), False: ("NO",)},
    "vulnerabilities.is_fix_available": {True: ("YES", "PARTIAL"), False: ("NO",)},
}
"""What rules see of what is true or false; where it is not said, neither."""


# -- members that are a number, and a word for it -------------------------------------------------


@dataclass(frozen=True, slots=True)
class Code:
    """A member that is a number, with a word next to it, and what rules see of it.

    words: OCSF's, by number. labels: what the view says, by number. `missing` is what it says without a
    number, None where the number is always there. Rules name only the labels in `named`. `hint` says what to
    write for a filter that tells apart what rules see as one.
    """

    number: str
    word: str
    attribute: FindingAttribute
    words: Mapping[int, str]
    labels: Mapping[int, str]
    named: tuple[str, ...]
    missing: str | None
    hint: str


_SEVERITY_WORDS = {
    0: "Unknown", 1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical", 6: "Fatal",
    99: "Other",
}  # fmt: skip
_STATUS_WORDS = {
    0: "Unknown", 1: "New", 2: "In Progress", 3: "Suppressed", 4: "Resolved", 5: "Archived", 6: "Deleted",
    99: "Other",
}  # fmt: skip
_COMPLIANCE_WORDS = {0: "Unknown", 1: "Pass", 2: "Warning", 3: "Fail", 99: "Other"}
_SEVERITY_LABELS = {number: LABELS.get(number, UNRANKED) for number in _SEVERITY_WORDS}


def _text(name: str, path: str) -> FindingAttribute:
    return FindingAttribute(name, "text", path, MOST_VALUES)


def _severity(number: str, word: str) -> Code:
    return Code(
        number,
        word,
        _text("vendor_attributes.severity_id", "FindingProviderFields.Severity.Label"),
        _SEVERITY_WORDS,
        _SEVERITY_LABELS,
        SEVERITIES,
        UNRANKED,
        f"write a NumberFilter of {number} with Gte and Lte: from 1 (Informational) at least; 5 (Critical) "
        "and 6 (Fatal) together",
    )


STATUS = Code(
    "status_id",
    "status",
    _text("status_id", "Workflow.Status"),
    _STATUS_WORDS,
    STATUSES,
    tuple(STATUS_IDS),
    None,
    "name New, In Progress, Suppressed or Resolved, or exclude some of them",
)
AS_SENT = ("NEW", "RESOLVED")
"""AWS: the statuses of findings as their providers send them."""
COMPLIANCE = Code(
    "compliance.status_id",
    "compliance.status",
    _text("compliance.status_id", "Compliance.Status"),
    _COMPLIANCE_WORDS,
    {number: COMPLIANCE_LABELS.get(number, "NOT_AVAILABLE") for number in _COMPLIANCE_WORDS},
    tuple(COMPLIANCE_LABELS.values()),
    "NOT_AVAILABLE",
    "name Pass, Warning or Fail, or exclude some of them",
)
ACTIVITY = Code(
    "activity_id",
    "activity_name",
    _text("activity_name", "RecordState"),
    {0: "Unknown", 1: "Create", 2: "Update", 3: "Close", 99: "Other"},
    {0: "ACTIVE", 1: "ACTIVE", 2: "ACTIVE", 3: "ARCHIVED", 99: "ACTIVE"},
    ("ACTIVE", "ARCHIVED"),
    None,
    "ask for activity_name EQUALS Close, or NOT_EQUALS Close: rules see RecordState, ARCHIVED or ACTIVE",
)
VENDOR_SEVERITY = _severity("vendor_attributes.severity_id", "vendor_attributes.severity")
SEVERITY = _severity("severity_id", "severity")
CODES = (SEVERITY, VENDOR_SEVERITY, STATUS, COMPLIANCE, ACTIVITY)
CODE_NUMBERS = {code.number: code for code in CODES}
CODE_WORDS = {code.word: code for code in CODES}


# -- values that the view writes in another way ---------------------------------------------------

Conversion = Callable[[TextTest, Path], TextTest]
_V2_PRODUCT, _PRODUCT = "::productv2/", "::product/"


def _same(test: TextTest, path: Path) -> TextTest:  # noqa: ARG001 - a Conversion
    return test


def _product(old: str, new: str) -> Conversion:
    """Return the conversion of a part of a product's ARN, in which `old` becomes `new`."""

    def convert(test: TextTest, path: Path) -> TextTest:
        value = test.value
        if old in value:
            return replace(test, value=value.replace(old, new, 1))
        cut = any(
            value.startswith(token[-length:]) or value.endswith(token[:length]) or value in token
            for token in (old, new)
            for length in range(2, len(token) + 1)
        )
        if cut or new in value:
            reason = f"{value!r:.60} may be a part of {old!r}, which is {new!r} on the other side"
            raise Refused(path, reason, f"write the ARN with {old!r}, or less of it")
        return test

    return convert


_TYPES = """
    AWS::::Account AWS::ApiGateway::RestApi AWS::ApiGateway::Stage AWS::ApiGatewayV2::Api
    AWS::ApiGatewayV2::Stage AWS::AppSync::GraphQLApi AWS::Athena::WorkGroup
    AWS::AutoScaling::AutoScalingGroup AWS::AutoScaling::LaunchConfiguration
    AWS::CertificateManager::Certificate
    AWS::CloudFormation::Stack AWS::CloudFront::Distribution AWS::CloudTrail::Trail AWS::CloudWatch::Alarm
    AWS::CodeBuild::Project AWS::DMS::Endpoint AWS::DMS::ReplicationInstance AWS::DynamoDB::Table
    AWS::EC2::EIP AWS::EC2::Instance AWS::EC2::LaunchTemplate AWS::EC2::NetworkAcl AWS::EC2::NetworkInterface
    AWS::EC2::RouteTable AWS::EC2::SecurityGroup AWS::EC2::Subnet AWS::EC2::TransitGateway AWS::EC2::Volume
    AWS::EC2::VPC AWS::ECR::Repository AWS::ECS::Cluster AWS::ECS::Service AWS::ECS::TaskDefinition
    AWS::EFS::AccessPoint AWS::EKS::Cluster AWS::ElasticBeanstalk::Environment
    AWS::ElasticLoadBalancing::LoadBalancer AWS::ElasticLoadBalancingV2::LoadBalancer
    AWS::GuardDuty::Detector AWS::IAM::AccessKey AWS::IAM::Group AWS::IAM::Policy AWS::IAM::Role
    AWS::IAM::User AWS::KMS::Key AWS::Kinesis::Stream AWS::Lambda::Function AWS::MSK::Cluster
    AWS::NetworkFirewall::Firewall AWS::RDS::DBCluster AWS::RDS::DBInstance AWS::Redshift::Cluster
    AWS::Route53::HostedZone AWS::S3::Bucket AWS::S3::Object AWS::SNS::Topic AWS::SQS::Queue
    AWS::SageMaker::NotebookInstance AWS::SecretsManager::Secret AWS::StepFunctions::StateMachine
    AWS::WAF::WebACL AWS::WAFv2::WebACL AWS::Container::Container
"""
CLOUDFORMATION_TYPES: Mapping[str, str] = {asff_type(name): name for name in _TYPES.split()}
"""CloudFormation's names of resource types, by ASFF's, as far as an export knows them."""


def _type_to_view(test: TextTest, path: Path) -> TextTest:
    if test.how != "equals":
        raise Refused(path, "resource types have other names here", "name each type whole")
    if test.value.startswith("Aws") or test.value == "Container":
        raise Refused(path, f"V2 has no resource type {test.value!r:.60}", "it has such as AWS::S3::Bucket")
    return replace(test, value=asff_type(test.value))


def _type_to_ocsf(test: TextTest, path: Path) -> TextTest:
    name = CLOUDFORMATION_TYPES.get(test.value)
    if test.how != "equals" or name is None:
        reason = f"CloudFormation's name of the resource type {test.value!r:.60} is not known"
        raise Refused(path, reason, "write the automation rule by hand")
    return replace(test, value=name)


TO_VIEW: Mapping[str, Conversion] = {
    "metadata.product.uid": _product(_V2_PRODUCT, _PRODUCT),
    "resources.type": _type_to_view,
}
TO_OCSF: Mapping[str, Conversion] = {
    "metadata.product.uid": _product(_PRODUCT, _V2_PRODUCT),
    "resources.type": _type_to_ocsf,
}


def to_view(name: str, test: TextTest, path: Path) -> TextTest:
    """Return the test of a view for one of a member in OCSF. Raises Refused where none is exact."""
    return TO_VIEW.get(name, _same)(test, path)


def to_ocsf(name: str, test: TextTest, path: Path) -> TextTest:
    """Return the test of a member in OCSF for one of a view. Raises Refused where none is exact."""
    return TO_OCSF.get(name, _same)(test, path)


# -- what is not exact ----------------------------------------------------------------------------

REFUSED: Mapping[str, tuple[str, str]] = {
    "metadata.uid": ("rules do not see it", "name the finding by finding_info.uid, which is its Id"),
    "cloud.account.name": (
        "V2 says it of some findings only, and of the others rules do not know it",
        "write cloud.account.uid",
    ),
    "metadata.product.feature.uid": (
        "V2 says it of some findings only, and of the others rules do not know it",
        "write compliance.control or metadata.product.uid",
    ),
    "comment": ("findings have none when their provider sends them", "leave it out"),
    "compliance.assessments.name": (
        "rules see only assessments that are not met",
        "write Compliance: {StatusReasons: {ReasonCode: [...]}} by hand, if that is meant",
    ),
    "compliance.assessments.meets_criteria": (
        "rules see only assessments that are not met",
        "write compliance.status instead",
    ),
    "compliance.control_parameters": (
        "the name and the values of a parameter stand apart here",
        "write Compliance: {SecurityControlParameters: {Name: [...], Value: [...]}} by hand",
    ),
    "remediation.references": (
        "rules see only the first of them",
        "write Remediation: {Recommendation: {Url: [...]}} by hand, if that is meant",
    ),
    "resources.uid": (
        "rules see the ARN of the resource where the finding has it elsewhere",
        "write Resources: {Id: [...]} by hand, with the ARN",
    ),
    "resources.name": ("rules do not see it", "write Resources: {Id: [...]} by hand, with the ARN"),
    "resources.owner.account.uid": ("rules do not see it", "write cloud.account.uid, if that is the same"),
    "resources.owner.account.name": ("rules do not see it", "write cloud.account.uid, if that is the same"),
    "vulnerabilities.cve.epss.score": (
        "it is a text in V2 and a number here",
        "write Vulnerabilities: {EpssScore: [{numeric: [...]}]} by hand",
    ),
    "vulnerabilities.fix_coverage": (
        "rules see it only where there is a fix",
        "write Vulnerabilities: {FixAvailable: [PARTIAL]} by hand, if that is meant",
    ),
    "class_name": ("rules do not see it", "write metadata.product.uid or finding_info.types"),
    "cloud.provider": ("rules do not see it", "write cloud.account.uid or resources.type"),
}
"""Why a member has no exact counterpart, and what to write, where that can be said."""
NOT_SEEN = ("rules here do not see it", "write the rule by hand, on what findings of both hubs have")


# -- export ---------------------------------------------------------------------------------------

SEVERITY_LABEL = _text("vendor_attributes.severity_id", "Severity.Label")
"""The severity of a finding that only its provider has touched."""
AUTOMATION_RULES_V2 = AttributeTable(
    (
        *TEXTS.values(),
        *NUMBERS.values(),
        *DATES.values(),
        *MAPS.values(),
        *FLAGS.values(),
        VENDOR_SEVERITY.attribute,
        STATUS.attribute,
        COMPLIANCE.attribute,
        ACTIVITY.attribute,
        SEVERITY_LABEL,
    ),
    always_there=frozenset(
        {
            "cloud.account.uid", "cloud.region", "finding_info.uid", "finding_info.title",
            "finding_info.desc", "metadata.product.uid", "vendor_attributes.severity_id", "status_id",
            "activity_name",
        }
    ),
    hints={
        "AwsAccountName": "V2 says it of some findings only: write AwsAccountId",
        "GeneratorId": "V2 mostly has none: write Compliance.SecurityControlId",
        "Resources.Id": "V2 has the name of a resource, and its ARN elsewhere: write tags or accounts",
        "ProductFields": "V2 has none",
        "UserDefinedFields": "V2 has none",
    },
)  # fmt: skip
"""AWS: what an automation rule of V2 can ask for and rules see in the same way. Findings in V2 that are live
have all of those that are always there."""
