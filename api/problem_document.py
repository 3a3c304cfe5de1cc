"""What a problem document holds (RFC 9457), and the outcome of each record of a request."""

from typing import Annotated

from pydantic import BaseModel, Field


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
    """The outcome of one record of a request that was not accepted as a whole, or that was handled leniently."""

    id: Annotated[str | None, Field(description="The record's key, if the record can be stored.")] = None
    sort: Annotated[str | None, Field(description="Its sort key, where the table has one.")] = None
    version: Annotated[str, Field(description="The version that it has, where it is accepted or dead-lettered.")]
    accepted: Annotated[bool, Field(description="Whether it, or a later one of its key, is durable in the queue.")]
    dead_lettered: Annotated[
        bool | None,
        Field(description="Of a record that cannot be stored: whether it is durable in the dead-letter queue."),
    ] = None
    error: Annotated[RecordFault | None, Field(description="Why it cannot be stored.")] = None


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
    room_at: Annotated[
        str | None, Field(description="When there will be room in the buffer, by an estimate (RFC 3339, UTC).")
    ] = None
    records: Annotated[
        list[RecordOutcome] | None, Field(description="The outcome of each record, in the request's order.")
    ] = None
