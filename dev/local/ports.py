"""The ports of this machine's loopback: which are free."""

import socket

from dev.local.loopback import LOOPBACK


class PortTaken(Exception):
    def __init__(self, port: int, variable: str) -> None:
        super().__init__(f"port {port} is taken; choose another with {variable}=… (make run {variable}=…)")


def require_free(port: int, variable: str) -> None:
    """Raises `PortTaken`, which names the variable that changes the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortTaken(port, variable) from error


def free_ports(count: int) -> list[int]:
    """So many different ports that are free now. Another process may take one before it is used."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
