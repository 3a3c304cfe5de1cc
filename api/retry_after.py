"""How long a client is asked to wait before it repeats a request. Pure."""

import math

_SECONDS_MAX = 86_400


def retry_after(seconds: float, chance: float) -> int:
    """Whole seconds for the header `Retry-After`: at least so long, and up to half longer, so that clients that were
    refused together do not return together. `chance` is from 0 to 1.
    """
    least = math.ceil(min(max(seconds, 1.0), _SECONDS_MAX))
    return least + int(chance * max(least / 2, 2.0))
