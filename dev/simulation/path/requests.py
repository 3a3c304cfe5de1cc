"""What clients send: records of every kind, good and bad ones, in every form that the API takes."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import Any

from dev.simulation.path.exchange import HttpRequest

TOO_LARGE = "record_too_large"
_JSON, _LINES = "application/json", "application/x-ndjson"
_BAD = [
    ('["{m}"]', "record_not_an_object"),
    ('"{m}"', "record_not_an_object"),
    ('{{"id":"","m":"{m}"}}', "key_invalid"),
    ('{{"id":"bad","n":1e400,"m":"{m}"}}', "number_out_of_range"),
    ('{{"_forebay":1,"m":"{m}"}}', "name_reserved"),
]
_MALFORMED = [('{{"id":"bad","m":"{m}"', "json_malformed"), ('{{"m":"{m}","m":"{m}"}}', "json_malformed")]


@dataclass(frozen=True, slots=True, order=True)
class SentRecord:
    """`marker` is in its text and in no other record's."""

    marker: str
    text: str
    key: str | None = None
    """Its id; None where the API gives it one."""
    reason: str | None = None
    """Why it can never be stored."""

    @property
    def content(self) -> dict[str, Any]:
        """What its item holds, besides the id that the API may give it. Read by other code than Forebay's."""
        content: dict[str, Any] = json.loads(self.text, parse_float=Decimal, parse_int=Decimal)
        return content


@dataclass(frozen=True)
class RecordsRequest:
    """One `POST /records`, however often it is repeated."""

    records: tuple[SentRecord, ...]
    form: str
    """`single`, `array` or `lines`."""
    lenient: bool = False
    idempotency_key: str | None = None
    compressed: bool = False
    is_cut: bool = False
    """Its body ends in the middle, and says that it does not."""
    refusal: str | None = None
    """The code that it is refused with as a whole, whatever its records are."""

    @property
    def body(self) -> bytes:
        texts = [record.text for record in self.records]
        text = {"single": "".join, "array": lambda each: f"[{','.join(each)}]", "lines": "\n".join}[self.form](texts)
        text = text[: len(text) // 2] if self.is_cut else text
        return gzip.compress(text.encode(), mtime=0) if self.compressed else text.encode()

    @cached_property
    def is_refused(self) -> bool:
        """Whatever happens: it is no JSON, or one of its records is bad and it asks for no lenient handling."""
        return bool(self.refusal) or (not self.lenient and any(record.reason for record in self.records))

    @property
    def is_held_in_part(self) -> bool:
        """It asks for lenient handling, and for one of its records no dead letter has room."""
        return self.lenient and any(record.reason == TOO_LARGE for record in self.records)

    @cached_property
    def has_own_names(self) -> bool:
        """To repeat it leaves one item for each record."""
        return self.idempotency_key is not None or all(record.key for record in self.records)

    def http(self) -> HttpRequest:
        body = self.body
        headers = {
            "host": "api",
            "content-type": _LINES if self.form == "lines" else _JSON,
            "content-length": str(len(body)),
        }
        if self.lenient:
            headers["prefer"] = "handling=lenient"
        if self.idempotency_key:
            headers["idempotency-key"] = self.idempotency_key
        if self.compressed:
            headers["content-encoding"] = "gzip"
        return HttpRequest("POST", "/records", headers, body)


def drawn_request(random: Random, numbers: Iterator[int], keys: Sequence[str]) -> RecordsRequest:
    """`numbers` count the records of a world; `keys` are the ids that its clients use."""
    form = random.choice(["single", "single", "array", "array", "lines"])
    lenient = form != "single" and random.random() < 0.4  # noqa: PLR2004 - four of ten
    named = random.choice(["id", "id", "id", "idempotency", "neither", "neither"])
    number = 1 if form == "single" else random.choice([1, 2, 5, 15, 55])
    bad_share = random.choice([0.0, 0.3, 0.5]) if lenient else random.choice([0.0] * 15 + [0.3])
    padding = "x" * random.choice([0, 0, 100, 500, 3000])

    def record() -> SentRecord:
        marker = f"r{next(numbers)}"
        if form != "single" and random.random() < bad_share:
            template, reason = random.choice(_BAD + (_MALFORMED if form == "lines" else []))
            return SentRecord(marker, template.format(m=marker), None, reason)
        key = random.choice(keys) if named == "id" else None
        return SentRecord(marker, _text(marker, key, padding, random), key)

    records = tuple(record() for _ in range(number))
    return RecordsRequest(
        records=records,
        form=form,
        lenient=lenient,
        idempotency_key=f"key-{records[0].marker}" if named == "idempotency" else None,
        compressed=random.random() < 0.1,  # noqa: PLR2004 - one of ten
    )


def special_request(random: Random, numbers: Iterator[int]) -> RecordsRequest:
    """One that is seldom: malformed as a whole, with large records, with one that no dead letter can hold, or with an
    answer that would be too large.
    """

    def record(padding: int = 0, key: str | None = None, reason: str | None = None) -> SentRecord:
        marker = f"r{next(numbers)}"
        identity = f'"id":"{key}{marker}",' if key else ""
        text = f'{{{identity}"m":"{marker}","pad":"{"x" * padding}"}}'
        return SentRecord(marker, text, f"{key}{marker}" if key else None, reason)

    kind = random.choice(["malformed", "large", "too large"] * 2 + ["long names"])
    if kind == "malformed":
        lenient = random.random() < 0.5  # noqa: PLR2004 - half of them
        return RecordsRequest((record(), record()), "array", lenient, is_cut=True, refusal="json_malformed")
    if kind == "large":
        return RecordsRequest(tuple(record(random.choice([20_000, 350_000])) for _ in range(8)), "array")
    if kind == "too large":
        big = record(1_100_000, reason=TOO_LARGE)
        return RecordsRequest((record(), big), "array", lenient=True)
    names = tuple(record(key="k" * 2000) for _ in range(2750))
    return RecordsRequest(names, "array", refusal="too_many_records")


def _text(marker: str, key: str | None, padding: str, random: Random) -> str:
    """Numbers as clients write them: every digit has to be there in the end."""
    identity = f'"id":{json.dumps(key)},' if key else ""
    number = random.choice(["1", "-0.5", "12345678901234567890.123456789", "1e-100"])
    return f'{{{identity}"m":"{marker}","n":{number},"pad":"{padding}"}}'
