"""Plain HTTP/1.1 on the event loop: keep-alive connections to one origin, a request at a time on each.

Only for what every record costs: a call of SQS. docs/decisions/0008 says what that is worth.
"""

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT_SECONDS_MAX = 1.0
ANSWER_SECONDS_MAX = 3.0
"""From the request's first byte to the answer's last."""
IDLE_SECONDS_MAX = 20.0
"""How long a connection is kept for the next request: what lies between may forget it without a word."""
_ANSWER_BYTES_MAX = 1024 * 1024
_PORTS = {"http": 80, "https": 443}

_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class AnswerMalformed(Exception):
    """What came back is not the HTTP that AWS speaks: a status line, headers, and a body as long as they say."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    lasts: bool
    """Whether the connection may carry another request."""


class Wire:
    """Connections are made as they are needed and kept; how many there are is the caller's choice of calls at once."""

    def __init__(
        self, origin: str, ca_bundle: str | None = None, answer_seconds_max: float = ANSWER_SECONDS_MAX
    ) -> None:
        """`origin` is `https://host` or `http://host`, with a port or without; `ca_bundle` a file of certificates that
        are trusted instead of the system's.
        """
        parts = urlsplit(origin)
        self.host = parts.netloc
        self._address = (parts.hostname or "", parts.port or _PORTS[parts.scheme])
        self._tls = ssl.create_default_context(cafile=ca_bundle) if parts.scheme == "https" else None
        self._answer_seconds_max = answer_seconds_max
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []

    async def post(self, headers: dict[str, str], body: bytes) -> Answer:
        """Sends one request, once; `host` is among the headers.

        Raises `OSError` (`TimeoutError` is one), `EOFError` or `AnswerMalformed`, and then nobody knows whether it was
        carried out.
        """
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
        reader, writer = self._kept() or await self._connected()
        try:
            async with asyncio.timeout(self._answer_seconds_max):
                writer.write(head.encode() + body)
                answer = await _answer(reader)
        except BaseException:
            # Failed or cancelled: an answer may still come, and must not be taken for the next request's. Of the idle
            # ones nobody knows whether they have died of the same: a new connection tells.
            writer.transport.abort()
            self.close()
            raise
        if answer.lasts:
            self._idle.append((reader, writer, asyncio.get_running_loop().time()))
        else:
            writer.close()
        return answer

    def close(self) -> None:
        """Closes what is kept."""
        while self._idle:
            _, writer, _ = self._idle.pop()
            writer.transport.abort()

    def _kept(self) -> _Stream | None:
        """The connection that was used last, unless the other side has closed it meanwhile."""
        while self._idle:
            reader, writer, since = self._idle.pop()
            young = asyncio.get_running_loop().time() - since < IDLE_SECONDS_MAX
            if young and not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.transport.abort()
        return None

    async def _connected(self) -> _Stream:
        async with asyncio.timeout(CONNECT_SECONDS_MAX):
            return await asyncio.open_connection(*self._address, ssl=self._tls)


async def _answer(reader: asyncio.StreamReader) -> Answer:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = head.rstrip().split("\r\n")
        protocol, status = status_line.split(" ", 2)[:2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers["content-length"])
        if protocol != "HTTP/1.1" or not 0 <= length <= _ANSWER_BYTES_MAX or "transfer-encoding" in headers:
            raise AnswerMalformed(f"{protocol}, {length} bytes")
        body = await reader.readexactly(length)
        return Answer(int(status), body, lasts=headers.get("connection", "").lower() != "close")
    except (ValueError, KeyError, asyncio.LimitOverrunError) as error:
        raise AnswerMalformed(type(error).__name__) from None
