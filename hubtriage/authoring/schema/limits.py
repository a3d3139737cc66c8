"""What BatchUpdateFindings takes, and which part of it rules may use.

AWS documents these limits, but the client library checks almost none of them. One value beyond a limit
fails the whole call, so rules are checked against them before they are deployed.
"""

import re

MAX_TYPES = 50  # AWS: AwsSecurityFinding.Types
MAX_RELATED_FINDINGS = 10  # AWS: AwsSecurityFinding.RelatedFindings, 1-10 items
MAX_USER_KEY = 128  # AWS: characters of a UserDefinedFields key
MAX_USER_FIELDS = 50  # AWS: pairs in UserDefinedFields

# AWS: a type is namespace[/category[/classifier]], and these are the namespaces.
NAMESPACES = (
    "Software and Configuration Checks",
    "TTPs",
    "Effects",
    "Unusual Behaviors",
    "Sensitive Data Identifications",
)

# AWS: what the service says of other types: "should match pattern ^([^/]+)(/[^/]+){0,2}$".
FINDING_TYPE = re.compile(r"[^/]+(/[^/]+){0,2}")

# AWS: members of a finding that BatchUpdateFindings does not take: the provider's or the service's.
UNSETTABLE = (
    *("AwsAccountId", "Compliance", "Description", "FindingIdentifiers", "FindingProviderFields"),
    *("ProductFields", "RecordState", "Remediation", "Resources", "Title", "UpdatedAt"),
)

RULE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
TAG = RULE_ID
DELIVERY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
LIST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
ACCOUNT_ID = re.compile(r"[0-9]{12}")
SECURITY_HUB_PRODUCT_ARN = re.compile(r"arn:[a-z-]+:securityhub:[a-z0-9-]*:[0-9]*:product/[^/\s]+/\S+")
_VISIBLE = re.compile(r"\S")


def has_visible_character(text: str) -> bool:
    """Say whether a text has a character that is not a blank; AWS requires one in every text (`.*\\S.*`)."""
    return _VISIBLE.search(text) is not None
