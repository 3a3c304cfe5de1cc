"""The routes: HTTP only. What they answer is in docs/api.md and openapi/openapi.json."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from api.door import REQUEST_BYTES_MAX, messages_of
from api.problems import MEDIA_TYPE, QueueUnavailable, RecordNotFound, RequestTooLarge
from api.queue import RecordQueue
from api.table import RecordTable
from records.key import KeySchema
from records.text import write
from records.version import Versions


class Receipt(BaseModel):
    """One accepted record."""

    id: Annotated[str, Field(description="The record's id: its own, or its version if it came without one.")]
    version: Annotated[str, Field(description="UUIDv7 (RFC 9562). Of two records of one id the greater version wins.")]


class Accepted(BaseModel):
    """Every record of the request is durable in the queue."""

    records: Annotated[list[Receipt], Field(description="A receipt per record, in the request's order.")]


class Health(BaseModel):
    status: Annotated[str, Field(description="`ok`: the process answers. It says nothing of queue or table.")] = "ok"


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


_RECORD_SCHEMA = {"type": "object", "additionalProperties": True, "properties": {"id": {"type": "string"}}}
_RECORDS_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [_RECORD_SCHEMA, {"type": "array", "items": _RECORD_SCHEMA}]},
                "examples": {
                    "one": {"value": {"id": "42", "temperature": 21.5}},
                    "several": {"value": [{"id": "42", "temperature": 21.5}, {"id": "43", "temperature": 19.25}]},
                },
            }
        },
    }
}


def routes(queue: RecordQueue, table: RecordTable, versions: Versions, key_schema: KeySchema) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/records",
        status_code=202,
        summary="Accept one record or an array of records",
        response_model=Accepted,
        responses={
            400: _problem("The body is not JSON."),
            413: _problem("The body is too large, or holds too many records."),
            422: _problem("Some records cannot be stored; none was accepted."),
            503: _problem("The queue did not confirm every record; repeat the request."),
        },
        openapi_extra=_RECORDS_BODY,
    )
    async def post_records(request: Request) -> Response:
        messages = messages_of(await _body(request), versions, key_schema)
        if unconfirmed := await run_in_threadpool(queue.send, messages):
            raise QueueUnavailable(f"{len(unconfirmed)} of {len(messages)} records were not confirmed by the queue")
        receipts = [{"id": message.key, "version": message.version} for message in messages]
        return JSONResponse({"records": receipts}, status_code=202)

    @router.get(
        "/records/{record_id:path}",
        summary="Read a record back from the table",
        response_model=dict[str, Any],
        responses={
            404: _problem("No such record in the table, or not yet."),
            503: _problem("The table did not answer."),
        },
    )
    async def get_record(record_id: str) -> Response:
        found = await run_in_threadpool(table.get, record_id)
        if found is None:
            raise RecordNotFound("no such record in the table; it may still be in the queue")
        record, provenance = found
        headers = {}
        if provenance:
            headers = {
                "ETag": f'"{provenance.version}"',
                "Forebay-Accepted": provenance.accepted,
                "Forebay-Sqs": provenance.sqs,
                "Forebay-Ddb": provenance.ddb,
            }
        return Response(write(record), media_type="application/json", headers=headers)

    @router.get("/health", summary="Whether the process answers")
    async def health() -> Health:
        return Health()

    return router


async def _body(request: Request) -> bytes:
    """The whole body, given up as soon as it is over the limit."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > REQUEST_BYTES_MAX:
            raise RequestTooLarge(f"the body is over {REQUEST_BYTES_MAX:,} bytes")
    return bytes(body)
