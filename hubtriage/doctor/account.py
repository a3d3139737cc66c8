"""Read the account under examination: what several checks need, read once and only if needed."""

import json
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError

from hubtriage.authoring.compiler import every_rule, git_revision, ruleset_document
from hubtriage.authoring.loaded import LoadResult
from hubtriage.authoring.loader import load_rules
from hubtriage.aws.clock import Clock
from hubtriage.aws.environment import ConfigError
from hubtriage.aws.securityhub.api import BY_DEFAULT, Finding, SecurityHubApi
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import CallFault
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import PAGE, Fresh, Getter, Reader
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.doctor.sample import MOST_ENTRIES, EntrySample, TableReader, read_sample
from hubtriage.doctor.verdict import UncheckedError
from hubtriage.engine.planning.plan import Settings
from hubtriage.settings.errors import ConfigurationError

# AWS: 3 a second and bursts of 6, shared by the whole account; this leaves one to the others.
READS_PER_SECOND = 2.0
_ACTIVE: Mapping[str, Any] = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}
_SWEEP_TYPE = "Custom::HubtriageSweep"
"""The resource that starts a sweep if the hash of the rule set changes; the hash is its property."""
_NEWEST_FIRST = [{"Field": "UpdatedAt", "SortOrder": "desc"}]


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller, and the account and Region of the call."""

    account: str
    region: str
    partition: str
    arn: str

    def hub(self) -> str:
        """Return the ARN of the account's hub in this Region."""
        return f"arn:{self.partition}:securityhub:{self.region}:{self.account}:hub/default"

    def hub_v2(self) -> str:
        """Return an ARN that the hub of V2 could have: only AWS knows its id."""
        return f"arn:{self.partition}:securityhub:{self.region}:{self.account}:hubv2/any"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack as CloudFormation reports it."""

    name: str
    status: str
    outputs: Mapping[str, str]

    def output(self, name: str) -> str:
        """Return an output; raises UncheckedError if the stack has none of this name."""
        if name not in self.outputs:
            raise UncheckedError(
                f"the stack {self.name} has no output {name}", "deploy this version of hubtriage"
            )
        return self.outputs[name]


class ClientFactory(Protocol):
    """Makes boto3's client of a service, in the given Region or in that of the environment."""

    def __call__(self, service: str, region: str | None = None) -> Any:
        """Return the client."""


class Account:
    """An account and Region, one stack in it, and a folder of rules.

    `hub` reads the newest `most_findings` findings, and single ones through `reader`. Of the ledger
    `most_entries` are looked at, all of them if it is None. `select` returns the rules that are to be
    deployed of the folder's, `hubs` are those of the settings. `report` shows how far a long reading has
    come. If AWS refuses a call, botocore's error is raised.
    """

    def __init__(
        self,
        client: ClientFactory,
        hub: SecurityHubApi,
        clock: Clock,
        *,
        stack: str,
        rules: Path,
        most_findings: int,
        most_entries: int | None = MOST_ENTRIES,
        select: Callable[[LoadResult], LoadResult] = every_rule,
        hubs: Collection[str] = BY_DEFAULT,
    ) -> None:
        self.clock = clock
        self.stack = stack
        self.rules = rules
        self._select = select
        self._hubs = hubs
        self.most_findings = most_findings
        self.most_entries = most_entries
        self.report: Callable[[str], None] = lambda _progress: None
        self._client = client
        self._clients: dict[str, Any] = {}
        budget = TokenBucket(READS_PER_SECOND, READS_PER_SECOND, clock)
        self._getter = Getter(hub, budget, Backoff(random.random), clock.monotonic)
        self.reader = Reader(hub, budget, Backoff(random.random), clock.monotonic)

    def client(self, service: str) -> Any:
        """Return the client of a service."""
        if service not in self._clients:
            self._clients[service] = self._client(service)
        return self._clients[service]

    @cached_property
    def identity(self) -> Identity:
        """Whose credentials these are."""
        sts = self.client("sts")
        answer = sts.get_caller_identity()
        partition = str(answer["Arn"]).split(":")[1]
        return Identity(answer["Account"], sts.meta.region_name, partition, answer["Arn"])

    @cached_property
    def deployed(self) -> Deployed | None:
        """The stack, or None where there is none of this name."""
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=self.stack)
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        found = answer["Stacks"][0]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
        return Deployed(self.stack, found["StackStatus"], outputs)

    @cached_property
    def function(self) -> Mapping[str, Any]:
        """The configuration of the deployed triage function; empty where none is deployed."""
        if self.deployed is None:
            return {}
        name = self.deployed.output("FunctionName")
        configuration: Mapping[str, Any] = self.client("lambda").get_function_configuration(FunctionName=name)
        return configuration

    @cached_property
    def config(self) -> TriageConfig | None:
        """The settings of the deployed function; None where none is deployed, UncheckedError if unusable."""
        if self.deployed is None:
            return None
        variables: Mapping[str, str] = self.function.get("Environment", {}).get("Variables", {})
        try:
            return TriageConfig.from_environment(variables)
        except ConfigError as error:
            raise UncheckedError(f"the triage function cannot start: {error}", "deploy again") from error

    @cached_property
    def settings(self) -> Settings:
        """How the deployed stack plans; the defaults where none is deployed, or that may not be read."""
        try:
            config = self.config
        except (ClientError, UncheckedError):
            config = None
        return Settings() if config is None else config.engine_settings()

    @cached_property
    def hubs(self) -> Collection[str]:
        """The hubs whose findings the deployed stack triages; without one, those of the settings."""
        try:
            config = self.config
        except (ClientError, UncheckedError):
            config = None
        return self._hubs if config is None else config.hubs

    @property
    def ledger_table(self) -> str:
        """The name of the ledger's table; raises UncheckedError where none is deployed."""
        if self.deployed is None:
            raise UncheckedError(f"{self.stack} is not deployed here")
        return self.deployed.output("LedgerTableName")

    @cached_property
    def ledger_description(self) -> Mapping[str, Any]:
        """The ledger's table as DynamoDB describes it."""
        table: Mapping[str, Any] = self.client("dynamodb").describe_table(TableName=self.ledger_table)
        return dict(table["Table"])

    @cached_property
    def sample(self) -> EntrySample:
        """Entries of the ledger."""
        total = int(self.ledger_description.get("ItemCount", 0))
        table = TableReader(self.client("dynamodb"), self.ledger_table, random.shuffle, self.report)
        return read_sample(table, total, self.most_entries)

    @cached_property
    def customer_key(self) -> str | None:
        """The customer's key (ARN) that encrypts queue and ledger, if there is one."""
        if self.deployed is None:
            return None
        answer = self.client("sqs").get_queue_attributes(
            QueueUrl=self.deployed.output("QueueUrl"), AttributeNames=["KmsMasterKeyId"]
        )
        key = str(answer.get("Attributes", {}).get("KmsMasterKeyId", ""))
        return key if key.startswith("arn:") else None

    @cached_property
    def folder(self) -> LoadResult:
        """What the folder of rules holds; raises UncheckedError where there is none."""
        if not self.rules.is_dir():
            raise UncheckedError(
                f"there is no folder {self.rules}", "name the folder of your rules with --rules"
            )
        return load_rules(self.rules)

    @cached_property
    def loaded(self) -> LoadResult:
        """The rules that are to be deployed; raises UncheckedError where some of the folder have errors."""
        if self.folder.errors:
            raise UncheckedError(f"the rules in {self.rules} have errors", "see hubtriage lint")
        try:
            return self._select(self.folder)
        except ConfigurationError as error:
            problem, _, hint = str(error).partition("\n  hint: ")
            raise UncheckedError(problem, hint) from error

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The rule set of the folder, as it would be deployed."""
        return ruleset_document(self.loaded, revision=git_revision(self.rules))

    @cached_property
    def deployed_hash(self) -> str:
        """The hash of the deployed rule set, which the stack's template names."""
        answer = self.client("cloudformation").get_template(StackName=self.stack)
        template = answer["TemplateBody"]
        template = json.loads(template) if isinstance(template, str) else template
        for resource in template["Resources"].values():
            if resource["Type"] == _SWEEP_TYPE:
                return str(resource["Properties"]["RulesetHash"])
        raise UncheckedError(
            f"{self.stack} does not report which rules it has", "deploy this version of hubtriage"
        )

    @cached_property
    def natives(self) -> list[Mapping[str, Any]]:
        """Security Hub's own automation rules in this Region."""
        return self._natives(self.client("securityhub"))

    def natives_of(self, region: str) -> list[Mapping[str, Any]]:
        """Return the automation rules of another Region."""
        return (
            self.natives
            if region == self.identity.region
            else self._natives(self._client("securityhub", region))
        )

    @staticmethod
    def _natives(hub: Any) -> list[Mapping[str, Any]]:
        """Return the automation rules of a hub; AWS may leave out criteria and actions of some."""
        arns: list[str] = []
        request: dict[str, Any] = {"MaxResults": 100}
        while True:
            answer = hub.list_automation_rules(**request)
            arns += [rule["RuleArn"] for rule in answer["AutomationRulesMetadata"]]
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
        rules: list[Mapping[str, Any]] = []
        for start in range(0, len(arns), 100):  # AWS: rules of one call
            answer = hub.batch_get_automation_rules(AutomationRulesArns=arns[start : start + 100])
            rules += answer["Rules"]
            rules += ({"RuleArn": each["RuleArn"]} for each in answer["UnprocessedAutomationRules"])
        return rules

    @cached_property
    def findings(self) -> list[Finding]:
        """The newest active findings."""
        return self.read(_ACTIVE, self.most_findings, SortCriteria=_NEWEST_FIRST)

    def read(self, filters: Mapping[str, Any], most: int, **request: Any) -> list[Finding]:
        """Return at most so many findings that match the filters; raises UncheckedError."""
        found: list[Finding] = []
        request = {"Filters": filters, "MaxResults": min(PAGE, most), **request}
        while len(found) < most:
            answer = self._getter.get(request, float("inf"), Fresh())
            if isinstance(answer, CallFault):
                advice = "securityhub:GetFindings is needed"
                raise UncheckedError(f"GetFindings: {answer.code}: {answer.message}", advice)
            found += answer["Findings"]
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
        return found[:most]
