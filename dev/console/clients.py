"""The stack's own addresses over HTTP: the emulator's control path, and the API."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus

import httpx

from dev.console.time_series import Json
from dev.local.control_api import FAULTS_PATH, METERS_PATH, TOKEN_HEADER

_TIMEOUT = httpx.Timeout(5, connect=2)
_API_TIMEOUT = httpx.Timeout(20, connect=2)
"""The API tries for ten seconds to have a record confirmed."""


class Refused(Exception):
    """The API did not accept; the message is its own."""


class Control:
    """Raises `httpx.HTTPError`."""

    def __init__(self, aws_url: str, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=aws_url, headers={TOKEN_HEADER: token}, timeout=_TIMEOUT, trust_env=False
        )

    async def meters(self) -> Json:
        told: Json = (await self._http.get(METERS_PATH)).raise_for_status().json()
        return told

    async def set_faults(self, names: Iterable[str]) -> None:
        (await self._http.put(FAULTS_PATH, json=sorted(names))).raise_for_status()


class Api:
    """Raises `httpx.HTTPError`."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=_API_TIMEOUT, trust_env=False)

    async def post(self, records: Sequence[str]) -> list[Json]:
        """Receipts of records given as JSON texts. Raises `Refused`."""
        answer = await self._http.post(
            "/records", content=f"[{','.join(records)}]", headers={"content-type": "application/json"}
        )
        told: Json = answer.json()
        if answer.status_code != HTTPStatus.ACCEPTED:
            raise Refused(f"{answer.status_code} {told.get('code', '')}: {told.get('detail') or told.get('title', '')}")
        receipts: list[Json] = told["records"]
        return receipts

    async def seconds_to_empty(self) -> float | None:
        told: Json = (await self._http.get("/buffer", timeout=_TIMEOUT)).raise_for_status().json()
        seconds: float | None = told["drain"]["seconds"]
        return seconds
