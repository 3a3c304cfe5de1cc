"""The simulated drain's bill, with the prices of `ops`."""

import pytest

from dev.simulation.bill import SimulatedBill, cores
from dev.simulation.clock import VirtualClock
from dev.simulation.faults import Chance, SimulatedFaults
from dev.simulation.queue import SimulatedQueue
from dev.simulation.sqs import SqsClient
from dev.simulation.world import Setting, World
from ops.prices import PRICES
from ops.workload import MEMORY_MB


def test_an_invocation_is_billed_by_the_millisecond_with_its_overhead_and_its_cold_start() -> None:
    bill = SimulatedBill()
    bill.add_invocation(0.0, cold=False)
    assert bill.billed_ms == 25
    bill.add_invocation(0.1001, cold=False)
    assert bill.billed_ms == 25 + 126
    bill.add_invocation(0.1, cold=True)
    assert bill.billed_ms == 25 + 126 + 425
    assert (bill.invocations, bill.cold_starts) == (3, 1)


@pytest.mark.parametrize(
    ("size", "requests"), [(0, 1), (1, 1), (65_536, 1), (65_537, 2), (10 * 65_536, 10), (1_048_576, 16)]
)
def test_each_64_kb_of_a_call_is_a_request(size: int, requests: int) -> None:
    bill = SimulatedBill()
    bill.add_request("ReceiveMessage", size)
    assert bill.requests == requests


def test_the_dollars_are_those_of_the_price_list() -> None:
    bill = SimulatedBill(invocations=1_000_000, billed_ms=1_000_000_000, idle_receives=500_000)
    bill.sqs_requests["SendMessage"] = 500_000
    lambda_time = 1_000_000 * PRICES["lambda_gb_second"].dollars
    expected = PRICES["lambda_request"].dollars + PRICES["sqs_request"].dollars
    assert bill.dollars(1024) == pytest.approx(expected + lambda_time)
    assert bill.dollars() == pytest.approx(expected + lambda_time / 2)
    assert bill.dollars_per_million(500_000, 1024) == pytest.approx(2 * bill.dollars(1024))


def test_memory_decides_the_share_of_a_core_which_is_one_at_most() -> None:
    assert cores(MEMORY_MB) == pytest.approx(0.29, abs=0.005)
    assert cores(1769) == cores(3538) == 1.0


def test_every_call_of_the_consumer_is_billed() -> None:
    clock, bill = VirtualClock(), SimulatedBill()
    chance = Chance(SimulatedFaults(), World(Setting(), SimulatedFaults(), 1).random)
    queue = SimulatedQueue(90, 100, clock, chance)
    client = SqsClient(queue, queue, chance, clock, bill=bill, lineage=lambda: 1)

    def calls() -> None:
        client.send_message(QueueUrl="records", MessageBody="x" * 70_000, MessageAttributes={}, DelaySeconds=0)
        (message,) = queue.receive(1)
        entry = {"Id": "0", "ReceiptHandle": message.handle, "VisibilityTimeout": 5}
        client.change_message_visibility_batch(QueueUrl="records", Entries=[entry])
        client.get_queue_attributes(QueueUrl="records", AttributeNames=["All"])
        client.delete_message(QueueUrl="records", ReceiptHandle=message.handle)

    clock.start(calls)
    clock.run(until=lambda: False)
    assert bill.sqs_requests == {
        "SendMessage": 2,
        "ChangeMessageVisibilityBatch": 1,
        "GetQueueAttributes": 1,
        "DeleteMessage": 1,
    }
