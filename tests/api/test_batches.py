"""Batches: at most ten messages and 1 MiB, in order, none left out."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from api.batches import batches
from records.limits import MESSAGE_BYTES_MAX
from records.message import Message

_SIZES = st.lists(st.integers(1, 2000) | st.integers(1, MESSAGE_BYTES_MAX), max_size=60)


@given(sizes=_SIZES)
def test_batches_hold_every_message_once_in_order_within_the_limits(sizes: list[int]) -> None:
    messages = [Message(str(index), "", "", size) for index, size in enumerate(sizes)]
    made = list(batches(messages))
    assert [message for batch in made for message in batch] == messages
    assert all(1 <= len(batch) <= 10 for batch in made)
    assert all(sum(message.size for message in batch) <= 1_048_576 for batch in made)


@given(sizes=_SIZES)
def test_no_batch_could_have_taken_the_next_message_too(sizes: list[int]) -> None:
    made = list(batches(Message("", "", "", size) for size in sizes))
    for batch, following in pairwise(made):
        assert len(batch) == 10 or sum(m.size for m in batch) + following[0].size > 1_048_576
