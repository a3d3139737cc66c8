"""The attributes that filters and automation rules can ask for, and where in a finding they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["string", "number", "date", "map", "ip", "boolean", "keyword"]


@dataclass(frozen=True, slots=True)
class FilterAttribute:
    """A filterable attribute: its kind of filter, and the path to its values."""

    kind: Kind
    path: tuple[str, ...]

    def values(self, finding: Mapping[str, Any]) -> list[Any]:
        """Return all values at the path; lists on the way are opened."""
        found: list[Any] = [finding]
        for name in self.path:
            found = [each[name] for each in _opened(found) if isinstance(each, dict) and name in each]
        return _opened(found)


def _opened(values: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for value in values:
        if isinstance(value, list):
            flat.extend(_opened(value))
        else:
            flat.append(value)
    return flat


_STRINGS = """
    ProductArn AwsAccountId AwsAccountName Id GeneratorId Region Type=Types SeverityLabel=Severity.Label Title
    Description RecommendationText=Remediation.Recommendation.Text SourceUrl
    MalwareName=Malware.Name MalwareType=Malware.Type MalwarePath=Malware.Path MalwareState=Malware.State
    NetworkDirection=Network.Direction NetworkProtocol=Network.Protocol
    NetworkSourceDomain=Network.SourceDomain NetworkSourceMac=Network.SourceMac
    NetworkDestinationDomain=Network.DestinationDomain
    ProcessName=Process.Name ProcessPath=Process.Path
    ThreatIntelIndicatorType=ThreatIntelIndicators.Type ThreatIntelIndicatorValue=ThreatIntelIndicators.Value
    ThreatIntelIndicatorCategory=ThreatIntelIndicators.Category
    ThreatIntelIndicatorSource=ThreatIntelIndicators.Source
    ThreatIntelIndicatorSourceUrl=ThreatIntelIndicators.SourceUrl
    ResourceType=Resources.Type ResourceId=Resources.Id ResourcePartition=Resources.Partition
    ResourceRegion=Resources.Region ResourceProvider=Resources.Provider
    ResourceOwnerAccountId=Resources.Owner.AccountId ResourceOwnerOrgId=Resources.Owner.OrgId
    ResourceApplicationName=Resources.ApplicationName ResourceApplicationArn=Resources.ApplicationArn
    ResourceAwsEc2InstanceType=Resources.Details.AwsEc2Instance.Type
    ResourceAwsEc2InstanceImageId=Resources.Details.AwsEc2Instance.ImageId
    ResourceAwsEc2InstanceKeyName=Resources.Details.AwsEc2Instance.KeyName
    ResourceAwsEc2InstanceIamInstanceProfileArn=Resources.Details.AwsEc2Instance.IamInstanceProfileArn
    ResourceAwsEc2InstanceVpcId=Resources.Details.AwsEc2Instance.VpcId
    ResourceAwsEc2InstanceSubnetId=Resources.Details.AwsEc2Instance.SubnetId
    ResourceAwsS3BucketOwnerId=Resources.Details.AwsS3Bucket.OwnerId
    ResourceAwsS3BucketOwnerName=Resources.Details.AwsS3Bucket.OwnerName
    ResourceAwsIamAccessKeyUserName=Resources.Details.AwsIamAccessKey.UserName
    ResourceAwsIamAccessKeyPrincipalName=Resources.Details.AwsIamAccessKey.PrincipalName
    ResourceAwsIamAccessKeyStatus=Resources.Details.AwsIamAccessKey.Status
    ResourceAwsIamUserUserName=Resources.Details.AwsIamUser.UserName
    ResourceContainerName=Resources.Details.Container.Name
    ResourceContainerImageId=Resources.Details.Container.ImageId
    ResourceContainerImageName=Resources.Details.Container.ImageName
    ComplianceStatus=Compliance.Status ComplianceSecurityControlId=Compliance.SecurityControlId
    ComplianceAssociatedStandardsId=Compliance.AssociatedStandards.StandardsId
    ComplianceSecurityControlParametersName=Compliance.SecurityControlParameters.Name
    ComplianceSecurityControlParametersValue=Compliance.SecurityControlParameters.Value
    VerificationState WorkflowState WorkflowStatus=Workflow.Status RecordState
    RelatedFindingsProductArn=RelatedFindings.ProductArn RelatedFindingsId=RelatedFindings.Id
    NoteText=Note.Text NoteUpdatedBy=Note.UpdatedBy
    FindingProviderFieldsRelatedFindingsId=FindingProviderFields.RelatedFindings.Id
    FindingProviderFieldsRelatedFindingsProductArn=FindingProviderFields.RelatedFindings.ProductArn
    FindingProviderFieldsSeverityLabel=FindingProviderFields.Severity.Label
    FindingProviderFieldsSeverityOriginal=FindingProviderFields.Severity.Original
    FindingProviderFieldsTypes=FindingProviderFields.Types
    VulnerabilitiesExploitAvailable=Vulnerabilities.ExploitAvailable
    VulnerabilitiesFixAvailable=Vulnerabilities.FixAvailable
"""
_NUMBERS = """
    SeverityProduct=Severity.Product SeverityNormalized=Severity.Normalized Confidence Criticality
    NetworkSourcePort=Network.SourcePort NetworkDestinationPort=Network.DestinationPort
    ProcessPid=Process.Pid ProcessParentPid=Process.ParentPid
    FindingProviderFieldsConfidence=FindingProviderFields.Confidence
    FindingProviderFieldsCriticality=FindingProviderFields.Criticality
"""
_DATES = """
    FirstObservedAt LastObservedAt CreatedAt UpdatedAt ProcessLaunchedAt=Process.LaunchedAt
    ProcessTerminatedAt=Process.TerminatedAt
    ThreatIntelIndicatorLastObservedAt=ThreatIntelIndicators.LastObservedAt
    ResourceAwsEc2InstanceLaunchedAt=Resources.Details.AwsEc2Instance.LaunchedAt
    ResourceAwsIamAccessKeyCreatedAt=Resources.Details.AwsIamAccessKey.CreatedAt
    ResourceContainerLaunchedAt=Resources.Details.Container.LaunchedAt NoteUpdatedAt=Note.UpdatedAt
"""
_MAPS = (
    "ProductFields UserDefinedFields ResourceTags=Resources.Tags ResourceDetailsOther=Resources.Details.Other"
)
_IPS = """
    NetworkSourceIpV4=Network.SourceIpV4 NetworkSourceIpV6=Network.SourceIpV6
    NetworkDestinationIpV4=Network.DestinationIpV4 NetworkDestinationIpV6=Network.DestinationIpV6
    ResourceAwsEc2InstanceIpV4Addresses=Resources.Details.AwsEc2Instance.IpV4Addresses
    ResourceAwsEc2InstanceIpV6Addresses=Resources.Details.AwsEc2Instance.IpV6Addresses
"""
_AUTOMATION = """
    ProductArn AwsAccountId Id GeneratorId Type FirstObservedAt LastObservedAt CreatedAt UpdatedAt Confidence
    Criticality Title Description SourceUrl ProductName CompanyName SeverityLabel ResourceType ResourceId
    ResourcePartition ResourceRegion ResourceTags ResourceDetailsOther ComplianceStatus
    ComplianceSecurityControlId ComplianceAssociatedStandardsId VerificationState WorkflowStatus RecordState
    RelatedFindingsProductArn RelatedFindingsId NoteText NoteUpdatedAt NoteUpdatedBy UserDefinedFields
    ResourceApplicationArn ResourceApplicationName AwsAccountName ResourceProvider ResourceOwnerAccountId
    ResourceOwnerOrgId
"""


def _table(kind: Kind, text: str) -> dict[str, FilterAttribute]:
    pairs = (entry.partition("=") for entry in text.split())
    return {name: FilterAttribute(kind, tuple((path or name).split("."))) for name, _, path in pairs}


FINDING_ATTRIBUTES: Mapping[str, FilterAttribute] = {
    **_table("string", _STRINGS),
    **_table("number", _NUMBERS),
    **_table("date", _DATES),
    **_table("map", _MAPS),
    **_table("ip", _IPS),
    "Sample": FilterAttribute("boolean", ("Sample",)),
    "Keyword": FilterAttribute("keyword", ()),
    "ProductName": FilterAttribute("string", ("ProductFields", "aws/securityhub/ProductName")),
    "CompanyName": FilterAttribute("string", ("ProductFields", "aws/securityhub/CompanyName")),
}
"""AWS: what GetFindings filters by. ProductName and CompanyName are looked up in ProductFields."""

AUTOMATION_ATTRIBUTES: Mapping[str, FilterAttribute] = {
    **{name: FINDING_ATTRIBUTES[name] for name in _AUTOMATION.split()},
    "ProductName": FilterAttribute("string", ("ProductName",)),
    "CompanyName": FilterAttribute("string", ("CompanyName",)),
}
"""AWS: the criteria of automation rules."""

AUTOMATION_VALUES: Mapping[str, int] = dict.fromkeys(
    ("AwsAccountId", "GeneratorId", "Title", "ResourceId"), 100
)
"""AWS: criteria that take more than 20 values."""
