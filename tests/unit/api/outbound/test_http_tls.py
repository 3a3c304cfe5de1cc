"""HTTP over TLS: the same, and only with a certificate that is trusted."""

import asyncio
import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from api.outbound.http import ConnectionPool
from tests.unit.api.outbound.http_server import GOOD, Run, Server, answering, post, run, with_server

__all__ = ["run"]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A server's context, and the file of what a client has to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = tmp_path / "certificate.pem", tmp_path / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    return context, str(chain)


def test_the_same_over_tls(run: Run, certificate: tuple[ssl.SSLContext, str]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            await server.request(reader)
            writer.write(GOOD)
        if server.connections == 1:
            await asked.wait()
            writer.write(GOOD.replace(b"ok", b"no"))
        await reader.read()

    async def use(pool: ConnectionPool) -> list[bytes]:
        bodies = [(await post(pool)).body for _ in range(3)]
        asked.set()
        await server.ended.wait()
        return [*bodies, (await post(pool)).body]

    asked = asyncio.Event()
    server = Server(serve)
    assert run(with_server(server, use, tls=certificate)) == [b"ok"] * 4
    assert server.connections == 2


def test_a_certificate_that_is_not_trusted_is_refused(run: Run, certificate: tuple[ssl.SSLContext, str]) -> None:
    server = answering(GOOD)

    async def use(pool: ConnectionPool) -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            await post(pool)

    run(with_server(server, use, tls=(certificate[0], None)))
    assert server.requests == []
