"""The consumer's batch and its window, as they are deployed. The emulator ignores the window."""

import pytest

from dev.local.deploy import DeployFailed
from tests.emulator.deployment.emulator import emulator


@pytest.mark.parametrize(("size", "window"), [("1", "0"), ("10", "0"), ("11", "1"), ("100", "20")])
def test_the_event_source_mapping_has_the_given_batch_and_window(size: str, window: str) -> None:
    with emulator() as aws:
        aws.deploy(ConsumerBatchSize=size, ConsumerBatchWindowSeconds=window)
        (mapping,) = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (int(size), int(window))


@pytest.mark.parametrize("size", ["11", "100"])
def test_a_large_batch_without_a_window_is_refused_before_anything_is_created(size: str) -> None:
    with emulator() as aws:
        with pytest.raises(DeployFailed, match="needs a ConsumerBatchWindowSeconds of at least 1"):
            aws.deploy(ConsumerBatchSize=size, ConsumerBatchWindowSeconds="0")
        assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
