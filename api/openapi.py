"""The OpenAPI document's text: what each route answers, and with which examples."""

from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from api import problems
from api.ingest.idempotency import HEADER as IDEMPOTENCY_KEY
from api.ingest.idempotency import KEY_LENGTH_MAX
from api.ingest.prefer import APPLIED, LENIENT
from api.ingest.prefer import HEADER as PREFER
from api.problem_document import ProblemDocument, RecordFault, RecordOutcome
from api.request_log import HEADER as REQUEST_ID
from api.retry_after import retry_after
from records.errors import TextMalformed, Violation

Responses = dict[int | str, dict[str, Any]]

_VERSION = "01a2074d-f08d-7356-ac50-434b86e031a3"


class Receipt(BaseModel):
    """One accepted record."""

    id: Annotated[
        str,
        Field(description="The record's key: its own, or the one that it was given if it had none.", examples=["42"]),
    ]
    sort: Annotated[str | None, Field(description="Its sort key, where the table has one.")] = None
    version: Annotated[
        str,
        Field(description="UUIDv7 (RFC 9562). Of two records of one id the greater version wins.", examples=[_VERSION]),
    ]


class Accepted(BaseModel):
    """Every record of the request is durable: in the queue, or, handled leniently, in the dead-letter queue."""

    records: Annotated[
        list[Receipt | RecordOutcome],
        Field(description=f"A receipt per record, in the request's order; with `{PREFER}: {LENIENT}` its outcome."),
    ]


class Health(BaseModel):
    status: Annotated[str, Field(description="`ok`: the process answers.", examples=["ok"])] = "ok"


class Readiness(BaseModel):
    status: Annotated[str, Field(description="`ready`: queue and table can be reached.", examples=["ready"])] = "ready"


_REQUEST_ID_HEADER = {
    REQUEST_ID: {
        "description": "The request's id, which is in the logs too: the one that the client sent, or a new one.",
        "schema": {"type": "string"},
        "example": "5f0c6f1e8d2b4a7f9e3c1b0a7d6e5f40",
    }
}
_HEADERS = {
    "Retry-After": "Seconds to wait before repeating the request.",
    "Accept-Encoding": "The encodings that a body may have.",
    "Connection": "The connection is closed.",
    "Preference-Applied": f"`{LENIENT}`, if the request asked for it.",
}


def response(description: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"description": description, "headers": _REQUEST_ID_HEADER | (headers or {})}


def _header(name: str, example: str) -> dict[str, Any]:
    return {"description": _HEADERS[name], "schema": {"type": "string"}, "example": example}


def _retry_after(problem: problems.Problem) -> list[tuple[str, str]]:
    return [] if problem.retry_seconds is None else [("Retry-After", str(retry_after(problem.retry_seconds, 0)))]


def problem(description: str, *examples: problems.Problem) -> dict[str, Any]:
    """A documented problem, with an example of each code."""
    headers = {
        name: _header(name, text) for each in examples for name, text in (*each.headers.items(), *_retry_after(each))
    }
    content = {
        problems.MEDIA_TYPE: {
            "schema": {"$ref": "#/components/schemas/ProblemDocument"},
            "examples": {
                each.code + ("_lenient" if "Preference-Applied" in each.headers else ""): {
                    "value": each.document.model_dump(exclude_none=True)
                }
                for each in examples
            },
        }
    }
    return response(description, headers) | {"content": content}


_OTHERWISE = problem("Anything else.", problems.InternalError("an unexpected error"))

_FAULT = {"pointer": "/readings/0", "code": "number_out_of_range", "detail": "a number is zero or …"}
_ACCEPTED = RecordOutcome(id="42", version=f"{_VERSION[:-1]}3", accepted=True)
_UNCONFIRMED = RecordOutcome(id="43", version=f"{_VERSION[:-1]}4", accepted=False)
_NOT_HELD = RecordOutcome(
    version=f"{_VERSION[:-1]}4", accepted=False, dead_lettered=False, error=RecordFault(index=1, **_FAULT)
)
ACCEPT: Responses = {
    202: response(
        f"SQS has confirmed every record of the request. With `{PREFER}: {LENIENT}`, those that cannot be stored are in"
        " the dead-letter queue, confirmed too.",
        {name: _header(name, text) for name, text in APPLIED.items()},
    ),
    400: problem(
        "The body is malformed, or the idempotency key is invalid.",
        problems.RequestMalformed(TextMalformed("json_malformed", "trailing comma", 1, 8)),
        problems.RequestMalformed(TextMalformed("text_invalid", "a \\u escape is a lone surrogate", 1, 8)),
        problems.RequestMalformed(TextMalformed("nesting_too_deep", "brackets are nested too deep", 1, 202)),
        problems.RequestMalformed(
            TextMalformed("number_out_of_range", "a number is beyond what DynamoDB holds", 1, 22)
        ),
        problems.BodyIncomplete("Content-Length is 120 bytes; the body has 0"),
        problems.GzipMalformed("the body is not gzip"),
        problems.IdempotencyKeyInvalid(f"{IDEMPOTENCY_KEY} is 1 to 255 printable ASCII characters"),
    ),
    408: problem("The body took too long to arrive.", problems.RequestTimedOut("the body took over 30 s to arrive")),
    413: problem(
        "The request is too large.",
        problems.RequestTooLarge("a body is at most 6,291,456 bytes, also when decompressed; send it in parts"),
        problems.TooManyRecords("a request holds at most 10,000 records; send them in parts"),
        problems.TooManyValues("a request holds at most 500,000 values in all its records; send them in parts"),
    ),
    415: problem(
        "Neither JSON nor newline-delimited JSON, or compressed with something else than gzip.",
        problems.MediaTypeUnsupported("records are sent as application/json or as application/x-ndjson"),
        problems.ContentEncodingUnsupported("a body is sent plain, or with Content-Encoding: gzip"),
    ),
    422: problem(
        "Some records can never be stored. No record of the request was accepted; or, with"
        f" `{PREFER}: {LENIENT}`, all but those that are too large for a dead letter were.",
        problems.RecordsInvalid([(1, Violation(**_FAULT))]),
        problems.RecordsNotHeld([_ACCEPTED, _NOT_HELD], APPLIED),
    ),
    429: problem(
        "The table needs longer for the records that wait already than the owner allows. No record was accepted.",
        problems.BacklogFull(600, 1_795_764_478_093),
    ),
    503: problem(
        "The queue did not confirm every record in time. Repeat the request, or only the records not accepted.",
        problems.RecordsNotAccepted([_ACCEPTED, _UNCONFIRMED], 1),
        problems.QueueBusy(1),
        problems.ApiBusy(2),
    ),
    "default": _OTHERWISE,
}
READ: Responses = {
    200: response(
        "The record, equal in value to what was sent.",
        {
            "ETag": {"description": "Its version.", "schema": {"type": "string"}, "example": f'"{_VERSION}"'},
            **{
                f"Forebay-{step}": {
                    "description": f"When {what} (RFC 3339, UTC).",
                    "schema": {"type": "string", "format": "date-time"},
                    "example": f"2026-11-23T07:27:58.{milliseconds}Z",
                }
                for step, what, milliseconds in (
                    ("Accepted", "the API accepted it", "093"),
                    ("Sqs", "SQS took its message", "108"),
                    ("Ddb", "the consumer put it into the table", "456"),
                )
            },
        },
    )
    | {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Record"}}}},
    404: problem("No such record in the table, or not yet.", problems.RecordNotFound("no such record in the table")),
    503: problem("The table did not answer.", problems.TableReadFailed("the table did not answer; try again", 1)),
    "default": _OTHERWISE,
}
BUFFER: Responses = {
    200: response("The buffer, by SQS's approximate counts."),
    503: problem(
        "Queue or table did not answer.",
        problems.QueueUnavailable("SQS did not report how many messages it holds", 1),
        problems.TableReadFailed("the table did not answer; try again", 1),
    ),
    "default": _OTHERWISE,
}
READY: Responses = BUFFER | {200: response("Queue and table can be reached.")}
HEALTH: Responses = {200: response("The process answers."), "default": _OTHERWISE}

_RECORD = {"$ref": "#/components/schemas/Record"}
_RECORDS = {"type": "array", "items": _RECORD, "description": "At most 10,000 records."}
# OpenAPI describes sequential media types by the schema of the array of all lines.
_LINES = {
    "schema": _RECORDS | {"minItems": 1},
    "example": '{"id": "42", "temperature": 21.5}\n{"id": "43", "temperature": 19.25}\n',
}
ACCEPT_REQUEST: dict[str, Any] = {
    "parameters": [
        {
            "name": PREFER,
            "in": "header",
            "required": False,
            "description": f"`{LENIENT}`: each record by itself. Those that can never be stored are sent to the"
            " dead-letter queue, with their reason and their text untouched, and refuse no other record.",
            "schema": {"type": "string"},
        },
        {
            "name": IDEMPOTENCY_KEY,
            "in": "header",
            "required": False,
            "description": "Derives the ids of records that come without one from this key and their position, so"
            " that a client can repeat the request blindly and nothing is stored twice. For example"
            " `2026-11-23/batch-7`; another request needs another key.",
            # No example: /docs would fill it in, and whoever tries twice would overwrite the first try.
            "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX, "pattern": "^[ -~]+$"},
        },
    ],
    "requestBody": {
        "description": "One record, an array of records, or one record a line. Each may be compressed:"
        " `Content-Encoding: gzip`. At most 6 MiB, also when decompressed. `application/ndjson` and"
        " `application/x-jsonlines` are other names of newline-delimited JSON.",
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_RECORD, _RECORDS]},
                "examples": {
                    "one": {"value": {"id": "42", "temperature": 21.5}},
                    "several": {"value": [{"id": "42", "temperature": 21.5}, {"id": "43", "temperature": 19.25}]},
                },
            },
            "application/x-ndjson": _LINES,
            "application/jsonl": _LINES,
        },
    },
}
_, _definitions = models_json_schema([(ProblemDocument, "serialization")], ref_template="#/components/schemas/{model}")
SCHEMAS: dict[str, Any] = {
    # Schemas that no route returns as a model: problems are raised, and records are parsed by `api.ingest.parse`.
    **_definitions["$defs"],
    "Record": {
        "type": "object",
        "title": "Record",
        "description": "A JSON object. With the attributes that Forebay adds, its item is at most 409,600 bytes; its"
        " message is at most 1,048,576 bytes; at most 32 brackets are open at once. A number is zero or from 1E-130 to"
        " 9.99…E+125 in magnitude, with at most 38 significant digits, and is kept exactly.",
        "properties": {
            "id": {
                "type": "string",
                "minLength": 1,
                "maxLength": 2048,
                "description": "1 to 2048 bytes in UTF-8. A record without an id gets its version as id.",
            },
        },
        "propertyNames": {"minLength": 1, "maxLength": 65_535, "not": {"const": "_forebay"}},
        "additionalProperties": True,
        "example": {"id": "42", "temperature": 21.5},
    },
}
