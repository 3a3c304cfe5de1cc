"""`Prefer: handling=lenient`, as RFC 7240 has it."""

import pytest

from api.ingest.prefer import is_lenient


@pytest.mark.parametrize(
    "given",
    [
        ["handling=lenient"],
        ["respond-async, handling=lenient"],
        ["respond-async", "handling=lenient"],
        ["wait=10; x=1,Handling = Lenient ; y"],
        ['handling="lenient"'],
        ['note="a, handling=strict", handling=lenient'],
        ["handling=lenient, handling=strict"],
    ],
)
def test_lenient_is_asked_for(given: list[str]) -> None:
    assert is_lenient(given)


@pytest.mark.parametrize(
    "given",
    [[], [""], ["handling"], ["handling=strict"], ["lenient"], ["handling=strict, handling=lenient"],
     ['note="a, handling=lenient"'], ["handling=leniently"], ["xhandling=lenient"], ['"'], ["=,;=lenient"]],
)  # fmt: skip
def test_strict_is_the_default(given: list[str]) -> None:
    assert not is_lenient(given)
