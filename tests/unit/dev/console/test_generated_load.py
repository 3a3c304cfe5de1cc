"""What the page sends."""

import json

import pytest

from dev.console.generated_load import GeneratedLoad, LoadInvalid, burst


def test_the_burst_is_the_original_patterns() -> None:
    requests = burst()
    assert [[json.loads(each)["id"] for each in request] for request in requests] == [
        [f"{n}" for n in range(1, 11)]
    ] * 5
    assert {len(each) for request in requests for each in request} == {4096}


def test_a_load_has_its_rate_size_and_length_and_ids_of_its_own() -> None:
    load = GeneratedLoad(rate=7, record_bytes=500, seconds=3)
    requests = list(load.requests("a"))
    assert [len(request) for request in requests] == [7, 7, 7]
    records = [each for request in requests for each in request]
    assert len({json.loads(each)["id"] for each in records}) == load.records == 21
    assert {len(each) for each in records} == {500}


@pytest.mark.parametrize(
    ("rate", "size", "seconds", "message"),
    [
        (0, 100, 1, "Rate: 1 to 500"),
        (501, 100, 1, "Rate: 1 to 500"),
        (1, 63, 1, "Size: 64 to 65,536"),
        (1, 100, 121, "Length: 1 to 120"),
        (500, 65_536, 1, "at most 4 MB a second"),
    ],
)
def test_a_load_out_of_bounds_is_refused_with_its_bounds(rate: int, size: int, seconds: int, message: str) -> None:
    with pytest.raises(LoadInvalid, match=message):
        GeneratedLoad(rate, size, seconds)
