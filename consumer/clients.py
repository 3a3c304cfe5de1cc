"""How the consumer's boto3 clients call."""

from botocore.config import Config

CONFIG = Config(
    # One attempt a call: the drain owns the retries. The timeouts fit into drain.STOP_MS.
    retries={"total_max_attempts": 1},
    connect_timeout=1,
    read_timeout=2,
    # Every record was checked already, and more strictly; checking each of its values again costs a tenth of the put.
    parameter_validation=False,
)
