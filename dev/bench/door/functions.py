"""The figures of Lambda: the built artefact beside a handler written by hand, each in a Python of its own."""

import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from dev.bench.door import servers
from dev.bench.door.figures import CORES
from dev.bench.door.loop import RECORD
from dev.local import artefacts

_ISOLATED = Path(__file__).with_name("isolated")
_ROUNDS, _REQUESTS = 7, 1000


def event(body: str) -> dict[str, object]:
    """A POST of HTTP API, payload format 2.0."""
    host = "x.execute-api.us-east-1.amazonaws.com"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/records",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "content-length": str(len(body)), "host": host},
        "requestContext": {
            "domainName": host,
            "http": {"method": "POST", "path": "/records", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "id",
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def lambdas() -> None:
    python = artefacts.lambda_python()
    if python is None:
        print(f"Lambda: left out, there is no Python {artefacts.RUNTIME} here")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        artefact = artefacts.build("ApiFunction", folder / "artefact")
        libraries = artefacts.runtime_libraries(folder / "runtime")
        (folder / "event.json").write_text(json.dumps([event(json.dumps(RECORD)), _REQUESTS]), encoding="utf-8")
        handlers = {
            "handwritten": (f"{_ISOLATED}:{libraries}", "handwritten"),
            "forebay": (f"{artefact}:{libraries}", "api.aws_lambda"),
        }
        costs: dict[str, list[dict[str, float]]] = {name: [] for name in handlers}
        for _ in range(_ROUNDS):
            for name, (paths, module) in handlers.items():
                command = ["taskset", "-c", str(CORES[0]), python, "-I", "-B", "-S", str(_ISOLATED / "measured.py")]
                told = subprocess.check_output(  # noqa: S603 - our own
                    [*command, paths, module, str(folder / "event.json")],
                    env={"PATH": os.environ["PATH"], **servers.ENVIRONMENT},
                )
                costs[name].append(json.loads(told))
    for figure, meaning in (("cold", "CPU until the first answer"), ("warm", "CPU of a warm POST")):
        values = {name: [cost[figure] for cost in each] for name, each in costs.items()}
        medians = {name: 1000 * statistics.median(each) for name, each in values.items()}
        ratio = statistics.median(a / b for a, b in zip(values["forebay"], values["handwritten"], strict=True))
        print(f"Lambda, {meaning}: by hand {medians['handwritten']:.2f} ms, Forebay {medians['forebay']:.2f} ms,")
        print(f"  {ratio:.2f} times the handler written by hand", flush=True)
