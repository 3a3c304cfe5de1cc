"""What the stack has used so far, as AWS would meter it: by the emulator's counters and the logs of both functions.

Everything here blocks.
"""

import json
from pathlib import Path
from typing import Any

from dev.console.time_series import Json
from dev.local.consumer_log import ConsumerUse, consumer_use
from ops.live_cost import Meters
from ops.target import Target


class StackMeters:
    """`api_log` is the file of the API's log lines. Time counts from the first record on."""

    def __init__(self, api_log: Path, logs: Any) -> None:  # noqa: ANN401 - boto3's client, whose types are not installed
        self._api_log = api_log
        self._logs = logs
        self._log_group = ""
        self._read_until = 0
        self._seen: set[tuple[int, str]] = set()
        self._since_ms = 0
        self._api_requests = 0
        self._api_milliseconds = 0.0
        self._consumer = ConsumerUse(0, 0, 0.0, 0, 0)
        self._began: float | None = None
        self._at = 0.0
        self._unit_seconds = 0.0

    @property
    def dead_lettered(self) -> int:
        """Messages that the consumer sent to the dead-letter queue."""
        return self._consumer.dead_lettered

    def read(self) -> None:
        """Reads what both functions have logged since the last time. Raises botocore's errors."""
        self._read_api_log()
        if not self._log_group:
            groups = self._logs.describe_log_groups()["logGroups"]
            self._log_group = next((each["logGroupName"] for each in groups if "Consumer" in each["logGroupName"]), "")
        if self._log_group:
            self._read_consumer_log()

    def meters(self, at: float, capacity: int, target: Target, counters: Json) -> Meters:
        """`at` is now, in Unix seconds; `counters` are the emulator's."""
        table: Json = counters["tables"].get(target.record_table_name, {})
        queue = target.record_queue_url.rpartition("/")[2]
        records = counters["sent"].get(queue, 0)
        if not records:
            return Meters()
        stored = table.get("puts", 0) + table.get("superseded", 0)
        if self._began is None:
            self._began = self._at = at
        self._unit_seconds += capacity * max(0.0, at - self._at)
        self._at = at
        return Meters(
            seconds=at - self._began,
            records=records,
            stored=stored,
            api_requests=self._api_requests,
            api_milliseconds=self._api_milliseconds,
            send_requests=counters["batch_requests"].get(queue, 0),
            drain_requests=self._consumer.sqs_requests,
            invocations=self._consumer.invocations,
            milliseconds=self._consumer.milliseconds,
            # What waits will be written too, and cost as much as what was.
            write_units=table.get("units", 0.0) * max(1.0, (records - self.dead_lettered) / stored) if stored else 0.0,
            provisioned_unit_seconds=self._unit_seconds,
        )

    def _read_api_log(self) -> None:
        if not self._api_log.exists():
            return
        with self._api_log.open("rb") as file:
            file.seek(self._read_until)
            lines = file.read()
        whole, _, _ = lines.rpartition(b"\n")
        self._read_until += len(whole) + bool(whole)
        for line in whole.splitlines():
            if b'"POST"' in line and (request := _json(line)).get("message") == "request":
                self._api_requests += 1
                self._api_milliseconds += request.get("milliseconds", 0.0)

    def _read_consumer_log(self) -> None:
        answer = self._logs.filter_log_events(logGroupName=self._log_group, startTime=self._since_ms)
        for event in answer["events"]:
            identity = (event["timestamp"], event["message"])
            if identity in self._seen:
                continue
            if event["timestamp"] > self._since_ms:
                self._since_ms = event["timestamp"]
                self._seen.clear()  # what is older is not asked for again
            self._seen.add(identity)
            self._consumer += consumer_use([event["message"]])


def _json(line: str | bytes) -> Json:
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
