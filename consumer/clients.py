"""The configuration of the consumer's boto3 clients."""

from botocore.config import Config

CONFIG = Config(
    # One attempt per call: the drain owns the retries. The timeouts fit into drain.STOP_MS.
    retries={"total_max_attempts": 1},
    connect_timeout=1,
    read_timeout=2,
    # Every record has already been validated, more strictly. To check its values again would cost a tenth of the put.
    parameter_validation=False,
)
