"""The guard of deployments: compares the rules with those that are deployed, before anything else happens."""

from hashlib import sha256
from pathlib import Path
from typing import cast

from aws_cdk import Arn, ArnComponents, CfnOutput, CfnResource, CustomResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import Construct, IConstruct

from hubtriage.aws.deployment.guard import TYPE, DeploymentGuardConfig
from hubtriage.aws.deployment.identity import NOT_KNOWN, RulesIdentity
from hubtriage.aws.deployment.record import ACTIONS, record_name
from hubtriage.settings.configuration import Configuration

from .bundle import canonical_json
from .function import Function
from .mode_parameter import ModeParameter


class DeploymentGuardConstruct(Construct):
    """Refuses rules that may not replace the deployed ones, and keeps a record of those that do.

    Its function shares nothing with the rest of the stack: it has to answer before anything else is changed,
    and in a rollback, when the rest is as it was. `replace`: the rules may replace any others.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        config: Configuration,
        package: Path,
        mode: ModeParameter,
        identity: RulesIdentity,
        *,
        replace: bool,
    ) -> None:
        super().__init__(scope, name)
        self._config, self._identity = config, identity
        function = self._function(package, mode)
        properties = identity.as_properties()
        digest = sha256(canonical_json(properties).encode()).hexdigest()[:8]
        # The name follows from the rules: other rules are another resource, which a rollback never makes.
        compared = CustomResource(
            self,
            f"Rules{digest}",
            resource_type=TYPE,
            service_token=function.function_arn,
            service_timeout=Duration.minutes(3),
            properties={**properties, "Replace": "yes" if replace else "no"},
        )
        self._record = self._make_record(compared)

    def _function(self, package: Path, mode: ModeParameter) -> Function:
        return Function(
            self,
            "Function",
            self._config,
            package,
            handler="lambdas.breaker.deployment_guard.handler",
            description="Refuses rules that may not replace those that are deployed",
            role_description="Reads which rules are deployed",
            policy_name="guard",
            statements=[
                iam.PolicyStatement(
                    sid="ReadDeployed",
                    actions=list(ACTIONS),
                    resources=[self._record_arn, mode.parameter_arn],
                )
            ],
            timeout=Duration.minutes(1),
            environment=DeploymentGuardConfig(self._config.stack_name).as_environment(),
            log_removal=RemovalPolicy.DESTROY,
            memory_mb=256,
        )

    @property
    def _record_arn(self) -> str:
        """The record's ARN from its name: the function's role needs it before there is a record."""
        name = record_name(self._config.stack_name).removeprefix("/")
        return Arn.format(
            ArnComponents(service="ssm", resource="parameter", resource_name=name), Stack.of(self)
        )

    def _make_record(self, compared: CustomResource) -> ssm.StringParameter:
        record = ssm.StringParameter(
            self,
            "Record",
            parameter_name=record_name(self._config.stack_name),
            string_value=self._identity.as_record(),
            description="Which rules are deployed, and where they come from",
        )
        record.node.add_dependency(compared)
        return record

    def goes_before(self, rest: IConstruct) -> None:
        """Let everything else wait until the rules have been compared."""
        ours, compared = f"{self.node.path}/", cast("CfnResource", self._record.node.default_child)
        for each in rest.node.find_all():
            if isinstance(each, CfnResource) and not each.node.path.startswith(ours):
                each.add_resource_dependency(compared)

    def outputs(self) -> None:
        """Name the rules in the outputs of the stack."""
        found = self._identity
        for name, value, description in (
            ("RulesFolder", found.folder, "Folder of the rules in their repository"),
            ("RulesRepository", found.repository_text, "Repository of the rules"),
            ("RulesRevision", found.revision or NOT_KNOWN, "Revision of the rules"),
            ("RulesCount", str(found.count), "Number of rules in force or yet to be"),
            ("RulesHash", found.hash, "Hash of the rules"),
        ):
            CfnOutput(Stack.of(self), name, value=value, description=description)
