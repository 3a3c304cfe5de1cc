"""Free and taken ports."""

import socket

import pytest

from dev.local.ports import PortTaken, free_ports, require_free


def test_a_taken_port_is_named_with_the_variable_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} is taken.*AWS_PORT="):
            require_free(port, "AWS_PORT")
    require_free(port, "AWS_PORT")


def test_free_ports_are_free_and_different() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        require_free(port, "PORT")
