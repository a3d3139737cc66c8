"""Links that people open from an alarm, a message or the dashboard: into AWS's console, or to the runbook."""

from aws_cdk import Aws, CfnCondition, Fn, Stack
from constructs import Construct

from hubtriage.settings.configuration import Configuration

# AWS: the console has a host of its own in these partitions; elsewhere it is that of the Region.
_HOSTS = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}


class Links(Construct):
    """The links of one stack."""

    def __init__(self, scope: Construct, name: str, config: Configuration) -> None:
        super().__init__(scope, name)
        self._config = config
        self._region = Stack.of(self).region
        host = f"{self._region}.console.aws.amazon.com"
        for partition, other in _HOSTS.items():
            condition = CfnCondition(
                self, partition, expression=Fn.condition_equals(Aws.PARTITION, partition)
            )
            host = Fn.condition_if(condition.logical_id, other, host).to_string()
        self._host = host

    @property
    def dashboard_name(self) -> str:
        """The name of the dashboard. AWS: all Regions of an account share the names of dashboards."""
        return f"{self._config.stack_name}-{self._region}"

    @property
    def dashboard(self) -> str:
        """The dashboard, which says of each alarm what to do first."""
        return self._console("cloudwatch", f"dashboards/dashboard/{self.dashboard_name}")

    def log(self, group: str) -> str:
        """Return the link to a log group whose name has no slash."""
        return self._console("cloudwatch", f"logsV2:log-groups/log-group/{group}")

    def executions(self, machine: str) -> str:
        """Return the link to the executions of a state machine (ARN)."""
        return self._console("states", f"/statemachines/view/{machine}")

    def runbook(self, alarm: str) -> str:
        """Return where an alarm's section is: on the page that was set, otherwise on the dashboard."""
        page = self._config.runbook_url
        return f"{page}#{alarm}" if page else self.dashboard

    def _console(self, service: str, place: str) -> str:
        return f"https://{self._host}/{service}/home?region={self._region}#{place}"
