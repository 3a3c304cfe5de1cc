"""Versions: text order is acceptance order."""

import uuid
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.version import Versions, accepted_ms, is_version, version_of_bare_message

_MS = st.integers(min_value=0, max_value=2**48 - 1_000)


@given(clock=st.lists(_MS, min_size=2, max_size=30), bits=st.integers(min_value=0))
def test_versions_increase_whatever_the_clock_does(clock: list[int], bits: int) -> None:
    ticks = iter(clock)
    versions = Versions(lambda: next(ticks), lambda n: bits & (2**n - 1))
    made = [versions.next() for _ in clock]
    assert all(earlier < later for earlier, later in pairwise(made))


@given(ms=_MS, bits=st.integers(min_value=0))
def test_a_version_is_a_uuid_of_version_7_that_holds_the_time_of_acceptance(ms: int, bits: int) -> None:
    version = Versions(lambda: ms, lambda n: bits & (2**n - 1)).next()
    parsed = uuid.UUID(version)
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert str(parsed) == version
    assert is_version(version)
    assert accepted_ms(version) == ms


@given(message_id=st.uuids(), sent_ms=_MS)
def test_a_bare_message_has_the_same_version_at_every_delivery(message_id: uuid.UUID, sent_ms: int) -> None:
    version = version_of_bare_message(str(message_id), sent_ms)
    assert version == version_of_bare_message(str(message_id), sent_ms)
    assert is_version(version)
    assert accepted_ms(version) == sent_ms
    assert version != version_of_bare_message(str(message_id) + "x", sent_ms)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01a2074d-f08d-7356-ac50-434b86e031a",
        "01A2074D-F08D-7356-AC50-434B86E031A3",  # text order of upper and lower case is not version order
        "01a2074d-f08d-4356-ac50-434b86e031a3",
        "01a2074d-f08d-7356-cc50-434b86e031a3",
        "01a2074df08d7356ac50434b86e031a3",
        "01a2074d-f08d-7356-ac50-434b86e031a3\n",
    ],
)
def test_anything_but_a_canonical_uuid_of_version_7_is_an_invalid_version(text: str) -> None:
    assert not is_version(text)
