"""How the page writes numbers."""

from dev.console import formatting


def test_numbers_have_units_and_no_more_digits_than_they_need() -> None:
    assert [formatting.rate(each) for each in (None, 0, 0.25, 9.96, 1234.5)] == ["…", "0", "0.2", "10.0", "1,234"]
    assert [formatting.milliseconds(each) for each in (-1, 15, 2348, 250_000)] == ["0 ms", "15 ms", "2.3 s", "4 min"]
    assert formatting.time_to_empty(12.4, 3) == "≈ 12 s"
    assert formatting.time_to_empty(0.0, 0) == "empty"
    assert formatting.time_to_empty(None, 3) == "…"
    assert [formatting.byte_count(each) for each in (1023, 1536)] == ["1,023 B", "1.5 KB"]
