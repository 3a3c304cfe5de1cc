"""The routes: HTTP only. openapi/openapi.json says what they answer."""

import asyncio
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.convertors import Convertor, register_url_convertor

from api import openapi as answers
from api.composition import Parts
from api.openapi import Accepted, Health, Readiness
from api.problems import RecordNotFound
from api.reads.backlog import Buffer, drain_of
from api.short_way import RECORDS
from records.json_text import write
from records.key import Key


class _KeyConvertor(Convertor[str]):
    """Any text, slashes and line breaks included: Starlette's own `path` stops at the latter."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("key", _KeyConvertor())


def routes(parts: Parts) -> APIRouter:
    router = APIRouter()
    router.include_router(_records_routes(parts))
    router.include_router(_buffer_routes(parts))
    return router


def _records_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["records"])

    router.add_api_route(
        RECORDS,
        parts.accept_records,
        methods=["POST"],
        status_code=202,
        summary="Accept records",
        description="Answers 202 once SQS has confirmed every record. A request with a bad record is refused whole.",
        operation_id="accept_records",
        response_model=Accepted,
        responses=answers.ACCEPT,
        openapi_extra=answers.ACCEPT_REQUEST,
    )

    @router.get(
        "/records/{record_id:key}",
        summary="Read a record back from the table",
        operation_id="read_record",
        responses=answers.READ,
    )
    async def read_record(
        record_id: str,
        request: Request,
        sort: Annotated[str | None, Query(description="The sort key, where the table has one.")] = None,
    ) -> Response:
        found = await parts.table.get(Key(record_id, sort)) if _is_text(request) else None
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

    return router


def _buffer_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["buffer"])

    @router.get(
        "/buffer",
        summary="Where the backlog stands",
        operation_id="read_buffer",
        responses=answers.BUFFER,
    )
    async def read_buffer() -> Buffer:
        depth, dead_letters, capacity = await asyncio.gather(
            parts.queue_depth.read(), parts.dead_letter_queue_depth.read(), parts.table.write_capacity_units()
        )
        return Buffer(
            waiting=depth.waiting,
            in_flight=depth.in_flight,
            dead_lettered=dead_letters.waiting,
            drain=drain_of(depth.waiting + depth.in_flight, capacity, parts.write_units.per_record),
        )

    @router.get(
        "/ready",
        summary="Whether queue and table can be reached",
        operation_id="read_readiness",
        responses=answers.READY,
    )
    async def read_readiness() -> Readiness:
        await asyncio.gather(parts.queue_depth.read(), parts.table.write_capacity_units())
        return Readiness()

    @router.get(
        "/health",
        summary="Whether the process answers",
        operation_id="read_health",
        responses=answers.HEALTH,
    )
    async def read_health() -> Health:
        return Health()

    return router


def _is_text(request: Request) -> bool:
    """Whether the path is UTF-8: servers put U+FFFD for what is not, and that may be another record's id."""
    try:
        unquote_to_bytes(request.scope.get("raw_path") or b"").decode()
    except UnicodeDecodeError:
        return False
    return True
