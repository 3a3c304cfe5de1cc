"""How a client wants bad records to be handled: `Prefer: handling=lenient` (RFC 7240)."""

from collections.abc import Sequence
from urllib.request import parse_http_list

HEADER = "Prefer"
LENIENT = "handling=lenient"
APPLIED = {"Preference-Applied": LENIENT}
"""The header of an answer to a request that was handled so."""


def is_lenient(given: Sequence[str]) -> bool:
    """From the values of the header. Of several `handling` the first counts, as the RFC says."""
    for preference in parse_http_list(", ".join(given)):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "handling":
            return value.strip().strip('"').lower() == "lenient"
    return False
