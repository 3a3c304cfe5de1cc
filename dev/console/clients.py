"""HTTP clients of the running stack: the emulator's control API, and Forebay's API."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus

import httpx

from dev.console.time_series import Json
from dev.local.control_api import COUNTERS_PATH, FAULTS_PATH, TOKEN_HEADER

_TIMEOUT = httpx.Timeout(5, connect=2)
_POST_TIMEOUT = httpx.Timeout(20, connect=2)
"""The API tries for ten seconds to have a record confirmed."""


class RecordsRefused(Exception):
    """The API did not accept the records; the message holds its status, code and detail."""


class ControlClient:
    """Its methods raise `httpx.HTTPError`."""

    def __init__(self, aws_url: str, token: str) -> None:
        # Without the environment: its proxies are not for loopback.
        self._http = httpx.AsyncClient(
            base_url=aws_url, headers={TOKEN_HEADER: token}, timeout=_TIMEOUT, trust_env=False
        )

    async def counters(self) -> Json:
        content: Json = (await self._http.get(COUNTERS_PATH)).raise_for_status().json()
        return content

    async def set_faults(self, names: Iterable[str]) -> None:
        (await self._http.put(FAULTS_PATH, json=sorted(names))).raise_for_status()


class ApiClient:
    """Its methods raise `httpx.HTTPError`."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=_POST_TIMEOUT, trust_env=False)

    async def post(self, records: Sequence[str]) -> list[Json]:
        """Sends records given as JSON texts, and returns their receipts. Raises `RecordsRefused`."""
        response = await self._http.post(
            "/records", content=f"[{','.join(records)}]", headers={"content-type": "application/json"}
        )
        content: Json = response.json()
        if response.status_code != HTTPStatus.ACCEPTED:
            reason = content.get("detail") or content.get("title", "")
            raise RecordsRefused(f"{response.status_code} {content.get('code', '')}: {reason}")
        receipts: list[Json] = content["records"]
        return receipts

    async def seconds_to_empty(self) -> float | None:
        content: Json = (await self._http.get("/buffer", timeout=_TIMEOUT)).raise_for_status().json()
        seconds: float | None = content["drain"]["seconds"]
        return seconds
