"""Who may call the deployed HTTP API with a token (`Authorization=JWT`), from an issuer on loopback."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from dev.local.deploy import DeployFailed
from tests.emulator.deployment.emulator import Deployment, emulator


class Issuer:
    """An OpenID Connect issuer on loopback: its configuration, its public key, and the tokens that it signs."""

    audience: ClassVar[str] = "forebay"

    def __init__(self) -> None:
        self._key, self._other_key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        numbers = self._key.public_key().public_numbers()
        jwk = {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": "1",
            "n": _big_endian(numbers.n),
            "e": _big_endian(numbers.e),
        }
        documents: dict[str, Any] = {"/keys": {"keys": [jwk]}}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document = documents.get(self.path)
                self.send_response(200 if document else 404)
                self.end_headers()
                self.wfile.write(json.dumps(document).encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        configuration = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        documents["/.well-known/openid-configuration"] = configuration
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def token(self, *, by_other_key: bool = False, **claims: Any) -> str:
        """A valid token, apart from these claims."""
        now = int(time.time())
        own = {"iss": self.url, "aud": self.audience, "sub": "producer", "iat": now - 60, "exp": now + 600}
        signed = f"{_json({'alg': 'RS256', 'typ': 'JWT', 'kid': '1'})}.{_json(own | claims)}"
        key = self._other_key if by_other_key else self._key
        return f"{signed}.{_text(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def unsigned_token(self) -> str:
        return f"{_json({'alg': 'none', 'kid': '1'})}.{self.token().split('.')[1]}."

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _json(document: dict[str, Any]) -> str:
    return _text(json.dumps(document).encode())


def _big_endian(number: int) -> str:
    return _text(number.to_bytes((number.bit_length() + 7) // 8, "big"))


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="module")
def by_token(issuer: Issuer) -> Iterator[Deployment]:
    """Requires tokens. Accepted records stay in the queue."""
    with emulator(strict=True) as aws:
        audiences = f"another,{issuer.audience}"
        deployment = aws.deploy(Authorization="JWT", JwtIssuer=issuer.url, JwtAudience=audiences)
        deployment.stop_draining()
        yield deployment


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_every_route_requires_a_token_of_the_issuer(by_token: Deployment, issuer: Issuer) -> None:
    routes = {key: wanted for key, wanted in by_token.routes().items() if not key.startswith("OPTIONS ")}
    assert routes
    assert set(routes.values()) == {"JWT"}
    (authorizer,) = by_token.client("apigatewayv2").get_authorizers(ApiId=by_token.stack.http_api_id)["Items"]
    assert authorizer["JwtConfiguration"] == {"Issuer": issuer.url, "Audience": ["another", issuer.audience]}


@pytest.mark.parametrize("audience", ["forebay", "another", ["elsewhere", "forebay"]])
def test_a_valid_token_is_accepted(by_token: Deployment, issuer: Issuer, audience: str | list[str]) -> None:
    answer = by_token.api.post("/records", json={"id": "token"}, headers=bearer(issuer.token(aud=audience)))
    assert answer.status_code == 202, answer.text
    assert by_token.take_messages() == [{"id": "token"}]


@pytest.mark.parametrize(
    "refused",
    ["no token", "a signature", "malformed", "expired", "audience", "no audience", "issuer", "key", "unsigned"],
)
def test_an_invalid_token_is_refused_and_nothing_reaches_the_queue(
    by_token: Deployment, issuer: Issuer, refused: str
) -> None:
    now = int(time.time())
    headers = {
        "no token": {},
        "a signature": {
            "authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/execute-api/aws4_request"
        },
        "malformed": bearer("a.b.c"),
        "expired": bearer(issuer.token(iat=now - 600, exp=now - 300)),
        "audience": bearer(issuer.token(aud="elsewhere")),
        "no audience": bearer(issuer.token(aud=None)),
        "issuer": bearer(issuer.token(iss="https://issuer.example")),
        "key": bearer(issuer.token(by_other_key=True)),
        "unsigned": bearer(issuer.unsigned_token()),
    }[refused]
    assert by_token.api.post("/records", json={"id": refused}, headers=headers).status_code in {401, 403}
    assert by_token.messages() == 0


@pytest.mark.parametrize(
    ("given", "missing"),
    [({"JwtAudience": "forebay"}, "JwtIssuer"), ({"JwtIssuer": "https://issuer.example"}, "JwtAudience")],
)
def test_tokens_without_issuer_or_audience_cannot_be_deployed(given: dict[str, str], missing: str) -> None:
    with emulator() as aws:
        with pytest.raises(DeployFailed, match=f"Authorization by JWT needs {missing}"):
            aws.deploy(Authorization="JWT", **given)
        assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
        assert aws.client("apigatewayv2").get_apis()["Items"] == []
