"""Another drain in the place of the deployed consumer, on a local stack."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dev.paths import ROOT

_HERE = Path(__file__).parent
REPLACEMENTS = {
    "waiting": "dev.bench.drain.waiting_lambda.handler",
    "adaptive": "baselines.handler",
    "original": "baselines.handler",
}


def replace_consumer(lambda_: Any, sqs: Any, addresses: Mapping[str, str], consumer: str, policy: str) -> None:  # noqa: ANN401 - boto3's clients
    """The original pattern gets its own queue settings too."""
    variables = lambda_.get_function_configuration(FunctionName=consumer)["Environment"]["Variables"]
    lambda_.update_function_configuration(
        FunctionName=consumer,
        Handler=REPLACEMENTS[policy],
        Environment={"Variables": {**variables, "BASELINE_RETRIES": policy}},
    )
    lambda_.update_function_code(FunctionName=consumer, ZipFile=_zip(policy))
    (mapping,) = lambda_.list_event_source_mappings(FunctionName=consumer)["EventSourceMappings"]
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=10, MaximumBatchingWindowInSeconds=0)
    if policy == "original":
        url = addresses["RECORD_QUEUE_URL"]
        redrive = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        attributes = {"VisibilityTimeout": "20", "RedrivePolicy": redrive["RedrivePolicy"].replace("100", "20")}
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _zip(policy: str) -> bytes:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        for path, name in _files(policy):
            archive.write(path, name)
    return code.getvalue()


def _files(policy: str) -> Iterator[tuple[Path, str]]:
    if policy != "waiting":
        yield _HERE / "baselines.py", "baselines.py"
        return
    sources = [path for part in ("consumer", "records", "telemetry") for path in (ROOT / part).rglob("*.py")]
    for path in [*sources, _HERE / "waiting.py", _HERE / "waiting_lambda.py"]:
        yield path, path.relative_to(ROOT).as_posix()
