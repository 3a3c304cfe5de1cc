"""Errors as HTTP problem documents (RFC 9457), each with one stable code. docs/errors.md lists them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from api.problem_document import ProblemDocument, RecordFault, RecordOutcome
from api.retry_after import retry_after
from records.errors import TextMalformed, Violation
from records.times import rfc3339

MEDIA_TYPE = "application/problem+json"
SCOPE_CODE = "forebay.code"
"""Where a request's ASGI scope has the code that it was answered with, for the log."""

# By RFC 9110; Python's own phrases for these two changed with 3.13.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
_ROUTER_PROBLEMS = {
    404: ("not_found", "there is no such path"),
    405: ("method_not_allowed", "this path does not take this method; the header Allow names those that it takes"),
}


class Problem(Exception):
    """Raised anywhere below a route, and answered as a problem document."""

    status: ClassVar[HTTPStatus]
    code: str
    own_headers: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        detail: str,
        retry_seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,  # noqa: ANN401 - ProblemDocument checks them
    ) -> None:
        """`retry_seconds`: for how long it will last, as far as is known; None where repeating does not help."""
        super().__init__(detail)
        self.detail = detail
        self.retry_seconds = retry_seconds
        self.headers = {**self.own_headers, **(headers or {})}
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
    own_headers: ClassVar = {"Connection": "close"}


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
    own_headers: ClassVar = {"Connection": "close"}


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
    own_headers: ClassVar = {"Accept-Encoding": "gzip, identity"}


class RecordsInvalid(Problem):
    """Records that could be sent but never stored. No record of the request was sent."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "records_invalid"

    def __init__(self, violations: Iterable[tuple[int, Violation]]) -> None:
        errors = [RecordFault(index=i, pointer=f.pointer, code=f.code, detail=f.detail) for i, f in violations]
        super().__init__("the request holds records that cannot be stored; no record of it was accepted", errors=errors)


class RecordsNotHeld(Problem):
    """Records, of a request that is handled leniently, that can neither be stored nor dead-lettered."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = RecordsInvalid.code

    def __init__(self, outcomes: Sequence[RecordOutcome], headers: Mapping[str, str]) -> None:
        count = sum(not (outcome.accepted or outcome.dead_lettered) for outcome in outcomes)
        super().__init__(
            f"{count:,} of {len(outcomes):,} records can neither be stored nor held as a dead letter; all others were"
            " accepted or dead-lettered",
            headers=headers,
            records=outcomes,
        )


class BacklogFull(Problem):
    """The table would need too long for what is in the queue already; no record of the request was sent."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "backlog_full"

    def __init__(self, retry_seconds: float, room_at_ms: int) -> None:
        super().__init__(
            "the table needs too long for the records that wait already; no record of this request was accepted",
            retry_seconds,
            room_at=rfc3339(room_at_ms),
        )


class QueueUnavailable(Problem):
    """SQS did not answer, or not in time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "queue_unavailable"


class ApiBusy(Problem):
    """Too many bodies are being read or parsed; no record of the request was sent."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "api_busy"

    def __init__(self, retry_seconds: float) -> None:
        super().__init__("too many large requests are being read; no record of this one was accepted", retry_seconds)


class QueueBusy(Problem):
    """Too many records wait for SQS to confirm them; no record of the request was sent."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "queue_busy"

    def __init__(self, retry_seconds: float) -> None:
        super().__init__("too many records wait for SQS; no record of this request was accepted", retry_seconds)


class RecordsNotAccepted(QueueUnavailable):
    """SQS did not confirm every record. To repeat all of them is right, and so is to repeat only the others."""

    def __init__(
        self, outcomes: Sequence[RecordOutcome], retry_seconds: float, headers: Mapping[str, str] | None = None
    ) -> None:
        count = sum(not (outcome.accepted or outcome.dead_lettered) for outcome in outcomes)
        super().__init__(
            f"the queue did not confirm {count:,} of {len(outcomes):,} records; repeat the request, or these records",
            retry_seconds,
            headers,
            records=outcomes,
        )


class TableReadFailed(Problem):
    """DynamoDB did not answer, or not in time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "table_unavailable"


class InternalError(Problem):
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"


def install(app: Starlette, chance: Callable[[], float]) -> None:
    """Makes every error of the app a problem document. `chance` is from 0 to 1.

    Both are coroutines though they wait for nothing: Starlette calls any other handler in one of its threads, and a
    refusal would have to wait for one.
    """

    async def answer_problem(request: Request, error: Exception) -> Response:
        if not isinstance(error, Problem):
            raise error
        request.scope[SCOPE_CODE] = error.code
        response = response_of(error)
        if error.retry_seconds is not None:
            response.headers["Retry-After"] = str(retry_after(error.retry_seconds, chance()))
        return response

    app.add_exception_handler(Problem, answer_problem)
    app.add_exception_handler(HTTPException, _answer_http_exception)


def response_of(problem: Problem) -> Response:
    """Without `Retry-After`."""
    return _response(problem.status, problem.document, problem.headers)


def _response(status: int, document: ProblemDocument, headers: Mapping[str, str] | None) -> Response:
    """Pydantic serializes it: for ten thousand records, `json` would block the event loop too long."""
    content = document.model_dump_json(exclude_none=True)
    return Response(content, status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


async def _answer_http_exception(request: Request, error: Exception) -> Response:
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
