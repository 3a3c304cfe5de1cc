"""Whether a port of this machine's loopback can be had."""

import socket

from dev.local.emulator import LOOPBACK


class PortTaken(Exception):
    def __init__(self, port: int, variable: str) -> None:
        super().__init__(f"port {port} is taken; choose another with {variable}=… (make run {variable}=…)")


def claim(port: int, variable: str) -> None:
    """Raises `PortTaken`, naming the variable that changes it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortTaken(port, variable) from error
