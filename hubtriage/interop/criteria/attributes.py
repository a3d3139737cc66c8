"""What AWS's filters can ask of a finding: each attribute's kind, and where its values are.

AWS: GetFindings and automation rules name attributes flatly (`ResourceTags`); the finding nests them. A
step with `[]` is a list, whose elements are asked one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Kind = Literal["text", "number", "date", "map", "address", "flag"]


@dataclass(frozen=True)
class FindingAttribute:
    """A filterable attribute: `path` leads to its values, `kind` is the kind of its filters.

    `most` is how many values an automation rule takes for it (AWS), 0 where it takes none at all.
    """

    name: str
    kind: Kind
    path: str
    most: int = 0

    @cached_property
    def steps(self) -> tuple[tuple[str, bool], ...]:
        """(name, whether a list is there) of each step."""
        return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in self.path.split("."))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the steps: the path as a pattern writes it."""
        return tuple(name for name, _is_list in self.steps)

    @cached_property
    def root(self) -> tuple[str, ...] | None:
        """The path to the first list on the way, None where there is none."""
        for length, (_name, is_list) in enumerate(self.steps, 1):
            if is_list:
                return self.names[:length]
        return None


_TEXTS = """
    ProductArn AwsAccountId AwsAccountName Id GeneratorId Region Type=Types[] SeverityLabel=Severity.Label
    Title Description RecommendationText=Remediation.Recommendation.Text SourceUrl ProductName CompanyName
    MalwareName=Malware[].Name MalwareType=Malware[].Type MalwarePath=Malware[].Path
    MalwareState=Malware[].State
    NetworkDirection=Network.Direction NetworkProtocol=Network.Protocol
    NetworkSourceDomain=Network.SourceDomain NetworkSourceMac=Network.SourceMac
    NetworkDestinationDomain=Network.DestinationDomain
    ProcessName=Process.Name ProcessPath=Process.Path
    ThreatIntelIndicatorType=ThreatIntelIndicators[].Type
    ThreatIntelIndicatorValue=ThreatIntelIndicators[].Value
    ThreatIntelIndicatorCategory=ThreatIntelIndicators[].Category
    ThreatIntelIndicatorSource=ThreatIntelIndicators[].Source
    ThreatIntelIndicatorSourceUrl=ThreatIntelIndicators[].SourceUrl
    ResourceType=Resources[].Type ResourceId=Resources[].Id ResourcePartition=Resources[].Partition
    ResourceRegion=Resources[].Region ResourceProvider=Resources[].Provider
    ResourceOwnerAccountId=Resources[].Owner.AccountId ResourceOwnerOrgId=Resources[].Owner.OrgId
    ResourceApplicationName=Resources[].ApplicationName ResourceApplicationArn=Resources[].ApplicationArn
    ResourceAwsEc2InstanceType=Resources[].Details.AwsEc2Instance.Type
    ResourceAwsEc2InstanceImageId=Resources[].Details.AwsEc2Instance.ImageId
    ResourceAwsEc2InstanceKeyName=Resources[].Details.AwsEc2Instance.KeyName
    ResourceAwsEc2InstanceIamInstanceProfileArn=Resources[].Details.AwsEc2Instance.IamInstanceProfileArn
    ResourceAwsEc2InstanceVpcId=Resources[].Details.AwsEc2Instance.VpcId
    ResourceAwsEc2InstanceSubnetId=Resources[].Details.AwsEc2Instance.SubnetId
    ResourceAwsS3BucketOwnerId=Resources[].Details.AwsS3Bucket.OwnerId
    ResourceAwsS3BucketOwnerName=Resources[].Details.AwsS3Bucket.OwnerName
    ResourceAwsIamAccessKeyUserName=Resources[].Details.AwsIamAccessKey.UserName
    ResourceAwsIamAccessKeyPrincipalName=Resources[].Details.AwsIamAccessKey.PrincipalName
    ResourceAwsIamAccessKeyStatus=Resources[].Details.AwsIamAccessKey.Status
    ResourceAwsIamUserUserName=Resources[].Details.AwsIamUser.UserName
    ResourceContainerName=Resources[].Details.Container.Name
    ResourceContainerImageId=Resources[].Details.Container.ImageId
    ResourceContainerImageName=Resources[].Details.Container.ImageName
    ComplianceStatus=Compliance.Status ComplianceSecurityControlId=Compliance.SecurityControlId
    ComplianceAssociatedStandardsId=Compliance.AssociatedStandards[].StandardsId
    ComplianceSecurityControlParametersName=Compliance.SecurityControlParameters[].Name
    ComplianceSecurityControlParametersValue=Compliance.SecurityControlParameters[].Value[]
    VerificationState WorkflowState WorkflowStatus=Workflow.Status RecordState
    RelatedFindingsProductArn=RelatedFindings[].ProductArn RelatedFindingsId=RelatedFindings[].Id
    NoteText=Note.Text NoteUpdatedBy=Note.UpdatedBy
    FindingProviderFieldsRelatedFindingsId=FindingProviderFields.RelatedFindings[].Id
    FindingProviderFieldsRelatedFindingsProductArn=FindingProviderFields.RelatedFindings[].ProductArn
    FindingProviderFieldsSeverityLabel=FindingProviderFields.Severity.Label
    FindingProviderFieldsSeverityOriginal=FindingProviderFields.Severity.Original
    FindingProviderFieldsTypes=FindingProviderFields.Types[]
    VulnerabilitiesExploitAvailable=Vulnerabilities[].ExploitAvailable
    VulnerabilitiesFixAvailable=Vulnerabilities[].FixAvailable
"""
_NUMBERS = """
    SeverityProduct=Severity.Product SeverityNormalized=Severity.Normalized Confidence Criticality
    NetworkSourcePort=Network.SourcePort NetworkDestinationPort=Network.DestinationPort
    ProcessPid=Process.Pid ProcessParentPid=Process.ParentPid
    FindingProviderFieldsConfidence=FindingProviderFields.Confidence
    FindingProviderFieldsCriticality=FindingProviderFields.Criticality
"""
_DATES = """
    FirstObservedAt LastObservedAt CreatedAt UpdatedAt NoteUpdatedAt=Note.UpdatedAt
    ProcessLaunchedAt=Process.LaunchedAt ProcessTerminatedAt=Process.TerminatedAt
    ThreatIntelIndicatorLastObservedAt=ThreatIntelIndicators[].LastObservedAt
    ResourceAwsEc2InstanceLaunchedAt=Resources[].Details.AwsEc2Instance.LaunchedAt
    ResourceAwsIamAccessKeyCreatedAt=Resources[].Details.AwsIamAccessKey.CreatedAt
    ResourceContainerLaunchedAt=Resources[].Details.Container.LaunchedAt
"""
_MAPS = """
    ProductFields UserDefinedFields ResourceTags=Resources[].Tags
    ResourceDetailsOther=Resources[].Details.Other
"""
_ADDRESSES = """
    NetworkSourceIpV4=Network.SourceIpV4 NetworkSourceIpV6=Network.SourceIpV6
    NetworkDestinationIpV4=Network.DestinationIpV4 NetworkDestinationIpV6=Network.DestinationIpV6
    ResourceAwsEc2InstanceIpV4Addresses=Resources[].Details.AwsEc2Instance.IpV4Addresses[]
    ResourceAwsEc2InstanceIpV6Addresses=Resources[].Details.AwsEc2Instance.IpV6Addresses[]
"""

# AWS: the attributes of automation rules; 20 values each, of these 100.
_HUNDRED = "AwsAccountId GeneratorId Title ResourceId"
_TWENTY = """
    ProductArn Id Type FirstObservedAt LastObservedAt CreatedAt UpdatedAt Confidence Criticality Description
    SourceUrl ProductName CompanyName SeverityLabel ResourceType ResourcePartition ResourceRegion ResourceTags
    ResourceDetailsOther ComplianceStatus ComplianceSecurityControlId ComplianceAssociatedStandardsId
    VerificationState WorkflowStatus RecordState RelatedFindingsProductArn RelatedFindingsId NoteText
    NoteUpdatedAt NoteUpdatedBy UserDefinedFields ResourceApplicationArn ResourceApplicationName
    AwsAccountName ResourceProvider ResourceOwnerAccountId ResourceOwnerOrgId
"""
_MOST = dict.fromkeys(_HUNDRED.split(), 100) | dict.fromkeys(_TWENTY.split(), 20)


def table_of(kind: Kind, text: str, most: int | None = None) -> dict[str, FindingAttribute]:
    """Return attributes by name, from words such as `NAME=PATH`, or `NAME` where that is the path.

    Automation rules take `most` values for each; None: as many as those of CSPM do.
    """
    entries = (entry.partition("=") for entry in text.split())
    return {
        name: FindingAttribute(name, kind, path or name, _MOST.get(name, 0) if most is None else most)
        for name, _, path in entries
    }


ATTRIBUTES: Mapping[str, FindingAttribute] = {
    **table_of("text", _TEXTS),
    **table_of("number", _NUMBERS),
    **table_of("date", _DATES),
    **table_of("map", _MAPS),
    **table_of("address", _ADDRESSES),
    **table_of("flag", "Sample"),
}
"""AWS: what GetFindings filters by, less the deprecated Keyword. Its ProductName and CompanyName are here the
members of those names, as automation rules see them."""

_REQUIRED = """
    ProductArn AwsAccountId Id GeneratorId Title Description CreatedAt UpdatedAt ResourceType ResourceId
"""
ALWAYS_THERE = frozenset({*_REQUIRED.split(), "WorkflowStatus"})
"""Attributes that every finding has (AWS: required ones; Workflow counts as NEW where it is absent)."""


@dataclass(frozen=True)
class AttributeTable:
    """The attributes that one kind of automation rules can ask for.

    `always_there` are the names of those that every finding has. `hints` say, by the path in a pattern, what
    to write in place of a member that is none of them.
    """

    attributes: tuple[FindingAttribute, ...]
    always_there: Collection[str] = ()
    hints: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def by_names(self) -> dict[tuple[str, ...], FindingAttribute]:
        """The attributes by their path in a pattern."""
        return {one.names: one for one in self.attributes}

    @cached_property
    def by_steps(self) -> dict[tuple[tuple[str, bool], ...], FindingAttribute]:
        """The attributes by their steps."""
        return {one.steps: one for one in self.attributes}

    def hint(self, names: Iterable[str]) -> str:
        """Return what to write in place of a member, as far as that is known."""
        return self.hints.get(".".join(names), "")


AUTOMATION_RULES = AttributeTable(tuple(one for one in ATTRIBUTES.values() if one.most), ALWAYS_THERE)
"""AWS: the criteria of CreateAutomationRule."""
