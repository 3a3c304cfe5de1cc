"""Locust users that post single records, arrays and NDJSON. `python -m dev.load` runs them, and verifies the result."""

import json
from itertools import cycle

from locust import FastHttpUser, constant, task
from locust.exception import StopUser

from dev.load.traffic import Traffic

_JSON, _NDJSON = "application/json", "application/x-ndjson"
_ACCEPTED = 202
_REQUESTS = cycle([("single", 1), ("array", 5), ("ndjson", 8), ("single", 1), ("single", 1)])
"""In turn for all users, so that the shortest load sends every kind."""


class Producer(FastHttpUser):
    """Does not wait between requests: `traffic` limits the rate of all users."""

    traffic = Traffic(rate=20, repeated=0.1)
    wait_time = constant(0)
    network_timeout = connection_timeout = 30.0

    @task
    def post(self) -> None:
        kind, count = next(_REQUESTS)
        self._post(kind, count)

    def _post(self, kind: str, count: int) -> None:
        traffic = self.traffic
        if not traffic.wait_for_turn(count):
            raise StopUser
        texts = [json.dumps(traffic.record()) for _ in range(count)]
        content_type = _NDJSON if kind == "ndjson" else _JSON
        body = {"single": texts[0], "array": f"[{','.join(texts)}]", "ndjson": "\n".join(texts)}[kind]
        headers = {"content-type": content_type}
        with self.client.post("/records", data=body, headers=headers, name=kind, catch_response=True) as response:
            failure: str | None
            if response.status_code == _ACCEPTED:
                seconds = response.request_meta["response_time"] / 1000
                failure = traffic.add_accepted(kind, response.content or b"", count, seconds)
            else:
                failure = f"status {response.status_code}" if response.status_code else "no answer"
            if failure:
                traffic.failures[failure] += 1
                response.failure(failure)
