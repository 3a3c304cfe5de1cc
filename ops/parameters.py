"""The parameters of template.yaml that a plan needs. Pure."""

import math
from collections.abc import Mapping

from ops.plan import Plan
from ops.prices import Deployment
from ops.workload import MEMORY_MB, READ_UNITS

REQUESTS_PER_SECOND = 1000
"""The API's default limit: `RequestsPerSecondMax` in template.yaml."""
_REQUESTS_LOAD = 0.8
"""The share of that limit that a burst may use on average, because requests never arrive evenly."""
_COLUMNS = 96


def parameters(planned: Plan, deployment: Deployment) -> Mapping[str, str]:
    """What decides the drain, always, and of the others those that differ from the template's defaults."""
    workload = planned.workload
    needed = {
        "TableWriteCapacityUnits": f"{workload.write_units}",
        "ConsumerMaximumConcurrency": f"{planned.consumer.workers}",
    }
    requests = math.ceil(workload.burst_rate / workload.records_per_request / _REQUESTS_LOAD)
    others = [
        ("RequestsPerSecondMax", f"{requests}", deployment.has_api_gateway and requests > REQUESTS_PER_SECOND),
        ("TableReadCapacityUnits", f"{workload.read_units}", workload.read_units != READ_UNITS),
        ("ConsumerMemoryMegabytes", f"{planned.consumer.memory_mb}", planned.consumer.memory_mb != MEMORY_MB),
        ("ApiMemoryMegabytes", f"{deployment.api_memory_mb}", deployment.api_memory_mb != MEMORY_MB),
        ("Front", "FunctionUrl", not deployment.has_api_gateway),
        ("AccessLog", "true", deployment.has_access_log),
        ("Tracing", "true", deployment.has_tracing),
    ]
    return needed | {name: value for name, value, is_needed in others if is_needed}


def deploy_command(needed: Mapping[str, str]) -> str:
    r"""For a shell. A long one goes on after `\` at the end of a line."""
    lines = ['make deploy PARAMETERS="']
    for name, value in needed.items():
        word = f"{name}={value} "
        if len(lines[-1]) + len(word) > _COLUMNS:
            lines.append("  ")
        lines[-1] += word
    lines[-1] = f'{lines[-1].rstrip()}"'
    return "\\\n".join(lines)
