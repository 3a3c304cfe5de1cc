"""The routes: HTTP only. `api.openapi` has what they answer, and openapi/openapi.json is made from both."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor

from api import openapi
from api.composition import ApiComponents
from api.ingest.route import IngestRoute
from api.openapi import Accepted, Health, Readiness
from api.problems import RecordNotFound
from api.reads.backlog import Buffer, estimate_drain
from api.reads.exact import is_path_exact, is_query_exact
from records.json_text import write
from records.key import Key


class _KeyConvertor(Convertor[str]):
    """Any text, slashes and line breaks included: Starlette's own `path` stops at line breaks."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("key", _KeyConvertor())

_RECORDS = ("/records", "/records/")
"""The path, and the same as some clients join it. Not every client follows a redirect with its body."""


def add_routes(router: APIRouter, components: ApiComponents) -> None:
    """`router` is the app's own: one that the app includes would match every path twice."""
    for position, path in enumerate(_RECORDS):
        router.add_api_route(
            path,
            components.accept_records,
            methods=["POST"],
            tags=["records"],
            status_code=202,
            summary="Accept records",
            description="Answers 202 once SQS has confirmed every record. One invalid record refuses the request,"
            " unless that asks for lenient handling: then the record is dead-lettered, and the others are accepted.",
            operation_id="accept_records",
            response_model=Accepted,
            responses=openapi.ACCEPT,
            openapi_extra=openapi.ACCEPT_REQUEST,
            include_in_schema=path == _RECORDS[0],
            route_class_override=IngestRoute,
        )
        router.routes.insert(position, router.routes.pop())  # matched first, because nearly every request is for it
    _add_reads_of_records(router, components)
    _add_reads_of_buffer(router, components)
    _add_root(router)
    _add_heads(router)


def _add_heads(router: APIRouter) -> None:
    """HEAD wherever GET is, `/docs` included: Starlette's routes have it by themselves, FastAPI's do not.

    The OpenAPI document leaves it out. It would be every read twice, in generated clients too, and says nothing new:
    HEAD is GET without the body (RFC 9110, section 9.3.2). The servers leave out the body.
    """
    for route in [each for each in router.routes if isinstance(each, APIRoute) and "GET" in (each.methods or ())]:
        router.add_api_route(route.path, route.endpoint, methods=["HEAD"], include_in_schema=False)


def _add_root(router: APIRouter) -> None:
    @router.get("/", include_in_schema=False)
    async def read_root(request: Request) -> Response:
        """A browser goes to the documentation; somebody with curl reads where it is."""
        docs = f"{request.scope.get('root_path', '')}/docs"
        text = f"This is Forebay, which takes JSON records by POST /records. The documentation is at {docs}\n"
        return Response(text, status_code=307, media_type="text/plain", headers={"Location": docs})


def _add_reads_of_records(router: APIRouter, components: ApiComponents) -> None:
    @router.get(
        "/records",
        tags=["records"],
        summary="Read a record back from the table, whatever its key",
        description="A query arrives as it was sent, so this reads every key. In it a plus sign is a space.",
        operation_id="read_record",
        responses=openapi.READ,
    )
    async def read_record(
        request: Request,
        record_id: Annotated[
            str, Query(alias="id", description="The partition key, `id` unless the table has its own.")
        ] = "",
        sort: Annotated[str | None, Query(description="The sort key, where the table has one.")] = None,
    ) -> Response:
        if not record_id:
            raise _no_record_named()
        return await _record(Key(record_id, sort) if is_query_exact(request.scope) else None)

    @router.get(
        "/records/{record_id:key}",
        tags=["records"],
        summary="The same, for keys of letters, digits and hyphens",
        description="A gateway may change other characters of a path. `GET /records?id=…` reads any key.",
        operation_id="read_record_by_path",
        responses=openapi.READ,
    )
    async def read_record_by_path(
        record_id: str,
        request: Request,
        sort: Annotated[str | None, Query(description="The sort key, where the table has one.")] = None,
    ) -> Response:
        if not record_id:
            raise _no_record_named()
        if not is_path_exact(request.scope):
            raise RecordNotFound("this key does not arrive in a path unchanged; GET /records?id=… reads any key")
        return await _record(Key(record_id, sort) if is_query_exact(request.scope) else None)

    def _no_record_named() -> RecordNotFound:
        return RecordNotFound("no record is named: GET /records?id=… does")

    async def _record(key: Key | None) -> Response:
        found = await components.table.get(key) if key else None
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


def _add_reads_of_buffer(router: APIRouter, components: ApiComponents) -> None:
    @router.get(
        "/buffer",
        tags=["buffer"],
        summary="The backlog, and how long the table needs for it",
        operation_id="read_buffer",
        responses=openapi.BUFFER,
    )
    async def read_buffer() -> Buffer:
        depth, dead_letters, table = await asyncio.gather(
            components.queue_depth.read(),
            components.dead_letter_queue_depth.read(),
            components.table.describe(),
        )
        return Buffer(
            waiting=depth.waiting,
            in_flight=depth.in_flight,
            dead_lettered=dead_letters.waiting,
            drain=estimate_drain(depth.total, table, components.write_units.per_record),
        )

    @router.get(
        "/ready",
        tags=["buffer"],
        summary="Whether queue and table can be reached",
        operation_id="read_readiness",
        responses=openapi.READY,
    )
    async def read_readiness() -> Readiness:
        await asyncio.gather(components.queue_depth.read(), components.table.describe())
        return Readiness()

    @router.get(
        "/health",
        tags=["buffer"],
        summary="Whether the process answers",
        operation_id="read_health",
        responses=openapi.HEALTH,
    )
    async def read_health() -> Health:
        return Health()
