"""The depth of a queue: every message counts once, delayed messages wait."""

from telemetry.queue_depth import DEPTH_ATTRIBUTES, QueueDepth


def test_each_count_of_sqs_is_read_from_its_own_attribute() -> None:
    depth = QueueDepth.of(
        {
            "ApproximateNumberOfMessagesNotVisible": "3",
            "ApproximateNumberOfMessagesDelayed": "2",
            "ApproximateNumberOfMessages": "1",
        }
    )
    assert depth == QueueDepth(visible=1, delayed=2, in_flight=3)


def test_all_attributes_that_are_read_are_asked_for() -> None:
    assert QueueDepth.of(dict.fromkeys(DEPTH_ATTRIBUTES, "1")) == QueueDepth(visible=1, delayed=1, in_flight=1)


def test_a_delayed_message_waits() -> None:
    assert QueueDepth(visible=40, delayed=2, in_flight=100).waiting == 42


def test_the_total_counts_every_message_once() -> None:
    assert QueueDepth(visible=1, delayed=10, in_flight=100).total == 111
