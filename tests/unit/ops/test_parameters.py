"""The parameters of a plan, and the command that deploys them."""

import shlex
from dataclasses import replace

from samtranslator.yaml_helper import yaml_parse

from dev.paths import ROOT
from ops.parameters import REQUESTS_PER_SECOND, deploy_command, parameters
from ops.plan import plan
from ops.prices import Deployment
from ops.workload import Workload

A_DAY = Workload(rate=50, burst_rate=2000, burst_seconds=600, period_seconds=86_400, record_bytes=1500, write_units=150)


def test_what_has_its_default_is_not_named() -> None:
    planned = plan(replace(A_DAY, records_per_request=10))
    assert parameters(planned, Deployment()) == {"TableWriteCapacityUnits": "150", "ConsumerMaximumConcurrency": "2"}


def test_a_burst_beyond_the_limit_of_an_http_api_gets_a_higher_one() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text())
    assert template["Parameters"]["RequestsPerSecondMax"]["Default"] == REQUESTS_PER_SECOND
    planned = plan(A_DAY)
    assert parameters(planned, Deployment())["RequestsPerSecondMax"] == "2500"
    assert "RequestsPerSecondMax" not in parameters(planned, Deployment(has_api_gateway=False))


def test_a_shell_reads_a_long_command_as_one_argument_for_make() -> None:
    needed = parameters(plan(replace(A_DAY, read_units=50)), Deployment(has_tracing=True, has_access_log=True))
    command = deploy_command(needed)
    assert max(map(len, command.splitlines())) <= 100
    make, deploy, given = shlex.split(command.replace("\\\n", ""))
    assert (make, deploy) == ("make", "deploy")
    name, _, words = given.partition("=")
    assert name == "PARAMETERS"
    assert dict(word.split("=") for word in words.split()) == needed
