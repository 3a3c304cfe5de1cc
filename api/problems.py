"""Errors as HTTP problem documents (RFC 9457), each with one stable code. docs/errors.md lists them."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from records.errors import TextMalformed, Violation
from records.message import Message

MEDIA_TYPE = "application/problem+json"
SCOPE_CODE = "forebay.code"
"""Where a request's ASGI scope has the code that it was answered with, for the log."""

# By RFC 9110; Python's own phrases for these two changed with 3.13.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
_ROUTER_PROBLEMS = {
    404: ("not_found", "there is no such path"),
    405: ("method_not_allowed", "this path does not take this method; the header Allow names those that it takes"),
}


class RecordFault(BaseModel):
    """One thing that is wrong with one record of the request."""

    index: Annotated[int, Field(description="The record's position in the request, from 0.", examples=[1])]
    pointer: Annotated[str, Field(description="JSON pointer (RFC 6901) into the record.", examples=["/readings/0"])]
    code: Annotated[
        str, Field(description="What is wrong: a code that never changes.", examples=["number_out_of_range"])
    ]
    detail: Annotated[
        str,
        Field(
            description="The same in words, for people.",
            examples=["a number is zero or from 1E-130 to 9.99…E+125 in magnitude"],
        ),
    ]


class RecordOutcome(BaseModel):
    """The outcome of one record of a request that was not accepted as a whole."""

    id: Annotated[str, Field(description="The record's key.")]
    sort: Annotated[str | None, Field(description="Its sort key, where the table has one.")] = None
    version: Annotated[str, Field(description="The version that it has, if it was accepted.")]
    accepted: Annotated[bool, Field(description="Whether it, or a later one of its key, is durable in the queue.")]


class ProblemDocument(BaseModel):
    """A problem document (RFC 9457)."""

    type: Annotated[str, Field(description="Always `about:blank`; `code` is specific.")] = "about:blank"
    title: Annotated[str, Field(description="The HTTP status, in words.")]
    status: Annotated[int, Field(description="The HTTP status.")]
    code: Annotated[str, Field(description="What is wrong: a code that never changes.")]
    detail: Annotated[str, Field(description="What is wrong, in words.")]
    line: Annotated[int | None, Field(description="The line of the error in malformed JSON, from 1.")] = None
    column: Annotated[int | None, Field(description="The column of the error, in bytes, from 1.")] = None
    errors: Annotated[
        list[RecordFault] | None, Field(description="What is wrong with the records, up to 100 faults.")
    ] = None
    records: Annotated[
        list[RecordOutcome] | None, Field(description="The outcome of each record, in the request's order.")
    ] = None


class Problem(Exception):
    """Raised anywhere below a route, and answered as a problem document."""

    status: ClassVar[HTTPStatus]
    code: str
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str, **members: Any) -> None:  # noqa: ANN401 - ProblemDocument checks them
        super().__init__(detail)
        self.detail = detail
        self.members = members

    @property
    def document(self) -> ProblemDocument:
        return _document(self.status, self.code, self.detail, **self.members)


class RequestMalformed(Problem):
    """The body is not JSON; the code is one of `records.errors`."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, error: TextMalformed) -> None:
        super().__init__(str(error), line=error.line, column=error.column)
        self.code = error.code


class BodyIncomplete(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "body_incomplete"
    headers: ClassVar = {"Connection": "close"}


class GzipMalformed(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "gzip_malformed"


class IdempotencyKeyInvalid(Problem):
    status = HTTPStatus.BAD_REQUEST
    code = "idempotency_key_invalid"


class RecordNotFound(Problem):
    status = HTTPStatus.NOT_FOUND
    code = "record_not_found"


class RequestTimedOut(Problem):
    status = HTTPStatus.REQUEST_TIMEOUT
    code = "request_timed_out"
    headers: ClassVar = {"Connection": "close"}


class RequestTooLarge(Problem):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "request_too_large"


class TooManyRecords(Problem):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_many_records"


class TooManyValues(Problem):
    """More than parsing has time and memory for."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_many_values"


class MediaTypeUnsupported(Problem):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "media_type_unsupported"


class ContentEncodingUnsupported(Problem):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    code = "content_encoding_unsupported"
    headers: ClassVar = {"Accept-Encoding": "gzip, identity"}


class RecordsInvalid(Problem):
    """Records that could be sent but never stored. No record of the request was sent."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "records_invalid"

    def __init__(self, violations: Iterable[tuple[int, Violation]]) -> None:
        errors = [RecordFault(index=i, pointer=f.pointer, code=f.code, detail=f.detail) for i, f in violations]
        super().__init__("the request holds records that cannot be stored; no record of it was accepted", errors=errors)


class QueueUnavailable(Problem):
    """SQS did not answer, or not in time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "queue_unavailable"
    headers: ClassVar = {"Retry-After": "1"}


class ApiBusy(Problem):
    """Too many bodies are being read or parsed; no record of the request was sent."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "api_busy"
    headers: ClassVar = {"Retry-After": "1"}

    def __init__(self) -> None:
        super().__init__("too many large requests are being read; no record of this one was accepted")


class QueueBusy(Problem):
    """Too many records wait for SQS to confirm them; no record of the request was sent."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "queue_busy"
    headers: ClassVar = {"Retry-After": "1"}

    def __init__(self) -> None:
        super().__init__("too many records wait for SQS; no record of this request was accepted")


class RecordsNotAccepted(QueueUnavailable):
    """SQS did not confirm every record. To repeat all of them is right, and so is to repeat only the others."""

    def __init__(self, messages: Sequence[Message], unconfirmed: Iterable[Message]) -> None:
        missing = {message.key for message in unconfirmed}
        outcomes = [
            RecordOutcome(**m.key.members(), version=m.version, accepted=m.key not in missing) for m in messages
        ]
        count = sum(not outcome.accepted for outcome in outcomes)
        super().__init__(
            f"the queue did not confirm {count:,} of {len(messages):,} records; repeat the request, or these records",
            records=outcomes,
        )


class TableReadFailed(Problem):
    """DynamoDB did not answer, or not in time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "table_unavailable"
    headers: ClassVar = {"Retry-After": "1"}


class InternalError(Problem):
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"


def install(app: Starlette) -> None:
    """Makes every error of the app a problem document."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_http_exception)


def response_of(problem: Problem) -> Response:
    return _response(problem.status, problem.document, problem.headers)


def _response(status: int, document: ProblemDocument, headers: Mapping[str, str] | None) -> Response:
    """Pydantic serializes it: for ten thousand records, `json` would block the event loop too long."""
    content = document.model_dump_json(exclude_none=True)
    return Response(content, status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def _answer_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    request.scope[SCOPE_CODE] = error.code
    return response_of(error)


def _answer_http_exception(request: Request, error: Exception) -> Response:
    """What FastAPI's router refuses itself: an unknown path, a wrong method."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    code, detail = _ROUTER_PROBLEMS.get(status, ("request_refused", status.phrase))
    request.scope[SCOPE_CODE] = code
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods_of_path(request)))
    return _response(status, _document(status, code, detail), headers)


def _methods_of_path(request: Request) -> set[str]:
    """Of every route with this path; the router itself names those of the first one only."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return {
        method for route in routes if route.matches(request.scope)[0] is Match.PARTIAL for method in route.methods or ()
    }


def _document(status: HTTPStatus, code: str, detail: str, **members: Any) -> ProblemDocument:  # noqa: ANN401 - as above
    title = _TITLES.get(status, status.phrase)
    return ProblemDocument(title=title, status=status, code=code, detail=detail, **members)
