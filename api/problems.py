"""Errors as HTTP tells them: problem documents (RFC 9457) with one stable code each."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from records.faults import Fault

MEDIA_TYPE = "application/problem+json"


class RecordFault(BaseModel):
    """One thing that is wrong with one record of the request."""

    index: Annotated[int, Field(description="The record's position in the request, from 0.")]
    pointer: Annotated[str, Field(description="JSON pointer (RFC 6901) to the place within the record.")]
    code: Annotated[str, Field(description="What is wrong, by a code that never changes.")]
    detail: Annotated[str, Field(description="What is wrong, for people.")]


class ProblemDocument(BaseModel):
    """A problem document (RFC 9457)."""

    type: Annotated[str, Field(description="Always `about:blank`: the code says more.")] = "about:blank"
    title: Annotated[str, Field(description="The HTTP status, in words.")]
    status: Annotated[int, Field(description="The HTTP status.")]
    code: Annotated[str, Field(description="What is wrong, by a code that never changes.")]
    detail: Annotated[str, Field(description="What is wrong, for people.")]
    errors: Annotated[list[RecordFault] | None, Field(description="Per record, where records are at fault.")] = None


class Problem(Exception):
    """Raised anywhere below a route, and answered as a problem document."""

    status: HTTPStatus
    code: str
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str, errors: list[RecordFault] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors


class RequestMalformed(Problem):
    """The request's body is not JSON, or not of records."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class RecordsInvalid(Problem):
    """Records that could be sent but never stored. Nothing of the request was sent."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "records_invalid"

    def __init__(self, faults: list[tuple[int, Fault]]) -> None:
        errors = [RecordFault(index=i, pointer=f.pointer, code=f.code, detail=f.detail) for i, f in faults]
        super().__init__("the request holds records that cannot be stored; nothing of it was accepted", errors)


class RequestTooLarge(Problem):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "request_too_large"


class RecordNotFound(Problem):
    status = HTTPStatus.NOT_FOUND
    code = "record_not_found"


class QueueUnavailable(Problem):
    """SQS did not confirm every record. Repeating the whole request is right: newer versions of the same records."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "queue_unavailable"
    headers = {"Retry-After": "1"}  # noqa: RUF012 - as above


class TableUnavailable(Problem):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "table_unavailable"
    headers = {"Retry-After": "1"}  # noqa: RUF012 - as above


def install(app: FastAPI) -> None:
    """Every error of the app leaves as a problem document."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_http_exception)


def _answer_problem(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Problem):
        raise error
    return _response(error.status, error.code, error.detail, error.headers, error.errors)


def _answer_http_exception(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    return _response(status, status.phrase.lower().replace(" ", "_"), status.description, error.headers or {})


def _response(
    status: HTTPStatus,
    code: str,
    detail: str,
    headers: Mapping[str, str],
    errors: list[RecordFault] | None = None,
) -> JSONResponse:
    document = ProblemDocument(title=status.phrase, status=status, code=code, detail=detail, errors=errors)
    return JSONResponse(
        document.model_dump(exclude_none=True), status_code=status, headers=dict(headers), media_type=MEDIA_TYPE
    )
