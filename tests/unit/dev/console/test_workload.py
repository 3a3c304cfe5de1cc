"""What the page sends, and how it writes numbers."""

import json

import pytest

from dev.console import formatting as words
from dev.console.record_timings import Way, ways_of
from dev.console.workload import Load, LoadInvalid, burst


def test_the_burst_is_the_original_patterns() -> None:
    requests = burst()
    assert [[json.loads(each)["id"] for each in request] for request in requests] == [
        [f"{n}" for n in range(1, 11)]
    ] * 5
    assert {len(each) for request in requests for each in request} == {4096}


def test_a_load_has_its_rate_size_and_length_and_ids_of_its_own() -> None:
    load = Load(rate=7, record_bytes=500, seconds=3)
    requests = list(load.requests("a"))
    assert [len(request) for request in requests] == [7, 7, 7]
    records = [each for request in requests for each in request]
    assert len({json.loads(each)["id"] for each in records}) == load.records == 21
    assert {len(each) for each in records} == {500}


@pytest.mark.parametrize(
    ("rate", "size", "seconds", "told"),
    [
        (0, 100, 1, "Rate: 1 to 500"),
        (501, 100, 1, "Rate: 1 to 500"),
        (1, 63, 1, "Size: 64 to 65,536"),
        (1, 100, 121, "Length: 1 to 120"),
        (500, 65_536, 1, "at most 4 MB a second"),
    ],
)
def test_a_load_out_of_bounds_says_what_may_be(rate: int, size: int, seconds: int, told: str) -> None:
    with pytest.raises(LoadInvalid, match=told):
        Load(rate, size, seconds)


def test_the_way_of_a_record_is_in_its_times() -> None:
    put = {
        "id": "42",
        "version": "v",
        "units": 5,
        "accepted": "2026-11-23T07:27:58.093Z",
        "sqs": "2026-11-23T07:27:58.108Z",
        "ddb": "2026-11-23T07:28:00.456Z",
    }
    assert ways_of([{"id": "no times"}, {**put, "id": "41"}, put]) == [
        Way("42", "v", 5, put["accepted"], 15, 2348),  # type: ignore[arg-type] # a text
        Way("41", "v", 5, put["accepted"], 15, 2348),  # type: ignore[arg-type] # a text
    ]


def test_numbers_have_units_and_no_more_digits_than_they_need() -> None:
    assert [words.rate(each) for each in (None, 0, 0.25, 9.96, 1234.5)] == ["…", "0", "0.2", "10.0", "1,234"]
    assert [words.milliseconds(each) for each in (-1, 15, 2348, 250_000)] == ["0 ms", "15 ms", "2.3 s", "4 min"]
    assert words.to_empty(12.4, 3) == "≈ 12 s"
    assert words.to_empty(0.0, 0) == "empty"
    assert words.to_empty(None, 3) == "…"
