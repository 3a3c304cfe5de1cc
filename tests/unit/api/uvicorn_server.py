"""An app under a real uvicorn, and a client that sends bytes as they are."""

import socket
import threading
import time
from asyncio import Protocol
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from api.client_time_limit import TimeLimitedH11

_SECONDS_MAX = 20


@contextmanager
def serving(app: Any, protocol: type[Protocol] = TimeLimitedH11, root_path: str = "") -> Iterator[uvicorn.Server]:
    """With the options of dev/local/stack.py. `server.config.port` is its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,
            port=listener.getsockname()[1],
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            server_header=False,
            root_path=root_path,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            deadline = time.monotonic() + _SECONDS_MAX
            while not server.started:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            yield server
        finally:
            server.should_exit = True
            thread.join()


def connected(server: uvicorn.Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.config.port), timeout=_SECONDS_MAX)


def received(client: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    found = bytearray()
    while part := client.recv(1_048_576):
        found += part
    return bytes(found)


def exchange(server: uvicorn.Server, sent: bytes) -> bytes:
    """What is received for these bytes until the server closes the connection, which they have to ask for."""
    with connected(server) as client:
        client.sendall(sent)
        return received(client)
