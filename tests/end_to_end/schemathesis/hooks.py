"""What Schemathesis does not know of this API: how lines are written, and that 202 means later."""

import json
import time
from typing import Any

import httpx
import schemathesis

_SECONDS_MAX = 5.0
_accepted: set[str] = set()


@schemathesis.serializer("application/x-ndjson", "application/jsonl")
def lines(_context: schemathesis.SerializationContext, value: Any) -> Any:
    """An array of records, a record a line; anything else within an array, which no line may be."""
    return "\n".join(map(json.dumps, value)) if isinstance(value, list) else json.dumps([value])


@schemathesis.hook
def after_call(
    _context: schemathesis.HookContext, _case: "schemathesis.Case[Any]", response: schemathesis.Response
) -> None:
    if response.status_code == 202:
        _accepted.update(receipt["id"] for receipt in response.json()["records"])


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: "schemathesis.Case[Any]", _kwargs: dict[str, Any]) -> None:
    """A record that was accepted is read when it has had its time to come through."""
    if case.operation.label == "GET /records/{record_id}" and case.path_parameters.get("record_id") in _accepted:
        url = case.as_transport_kwargs(base_url=case.operation.base_url)["url"]
        deadline = time.monotonic() + _SECONDS_MAX
        while httpx.get(url).status_code == 404 and time.monotonic() < deadline:
            time.sleep(0.05)
