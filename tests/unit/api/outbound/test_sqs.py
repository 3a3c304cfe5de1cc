"""One call of SendMessageBatch: how it is signed, which results are believed, and what an error is called."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import example, given
from hypothesis import strategies as st

from api.outbound.credentials import Credentials
from api.outbound.http import ConnectionPool, HttpResponse
from api.outbound.sqs import CREDENTIALS_REFUSED, BatchSender, SendFailed
from tests.unit.api.doubles import credentials_of

_ENTRIES: Any = [{"Id": f"7-{n}", "MessageBody": f"body {n}"} for n in range(3)]
_KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret/+="}


class Pool:
    """Answers with one response, and remembers what was sent."""

    origin = "https://sqs.eu-central-1.amazonaws.com"
    host = "sqs.eu-central-1.amazonaws.com"

    def __init__(self, content: object = None, status: int = 200) -> None:
        self._response = HttpResponse(status, json.dumps(content or {}).encode())
        self.headers: dict[str, str] = {}
        self.body = b""

    async def post(self, headers: list[tuple[str, str]], body: bytes, read: Callable[[HttpResponse], object]) -> object:
        self.headers = {name.lower(): value for name, value in headers}
        assert len(self.headers) == len(list(headers))
        self.body = body
        return read(self._response)


class Source:
    """Credentials that remember whether they were dropped."""

    def __init__(self) -> None:
        self.dropped: list[Credentials] = []

    async def get(self) -> Credentials:
        return Credentials("AKID", "secret", None)

    def drop(self, refused: Credentials) -> None:
        self.dropped.append(refused)


def sender(pool: Pool, source: Any = None, **environment: str) -> BatchSender:
    source = source or credentials_of({**_KEYS, **environment})
    return BatchSender(cast("ConnectionPool", pool), "eu-central-1", source)


def send(pool: Pool, source: Any = None, **environment: str) -> Any:
    return asyncio.run(sender(pool, source, **environment).send_message_batch("queue-url", _ENTRIES))


def signature_of(headers: dict[str, str], body: bytes) -> str:
    """By botocore, over what went over the wire: the headers that it names, their values as sent, and the body."""
    names = re.search("SignedHeaders=([^,]+)", headers["authorization"])
    assert names
    signed = {name: headers[name] for name in names[1].split(";")}
    request = AWSRequest("POST", f"https://{headers['host']}/", headers=signed, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(ReadOnlyCredentials("AKID", "secret/+=", None), "sqs", "eu-central-1")
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


@pytest.mark.parametrize("token", [None, "token+/=="])
def test_the_signature_verifies_and_covers_all_that_matters(token: str | None) -> None:
    pool = Pool()
    send(pool, **({"AWS_SESSION_TOKEN": token} if token else {}))
    authorization = pool.headers["authorization"]
    date = pool.headers["x-amz-date"]
    assert f"Credential=AKID/{date[:8]}/eu-central-1/sqs/aws4_request" in authorization
    made = authorization.rpartition("Signature=")[2]
    assert made == signature_of(pool.headers, pool.body)
    assert pool.headers.get("x-amz-security-token") == token
    covered = {"host", "content-type", "x-amz-date", "x-amz-target", *(["x-amz-security-token"] if token else [])}
    for name in covered:
        assert made != signature_of({**pool.headers, name: pool.headers[name] + "0"}, pool.body), name
    assert made != signature_of(pool.headers, pool.body + b" ")


def test_a_call_is_sqss_json_protocol() -> None:
    pool = Pool()
    send(pool)
    assert json.loads(pool.body) == {"QueueUrl": "queue-url", "Entries": _ENTRIES}
    assert pool.headers["host"] == Pool.host
    assert pool.headers["content-type"] == "application/x-amz-json-1.0"
    assert pool.headers["x-amz-target"] == "AmazonSQS.SendMessageBatch"


def test_a_result_says_what_is_confirmed_and_what_is_refused() -> None:
    content = {
        "Successful": [{"Id": "7-2", "MessageId": "m", "MD5OfMessageBody": "d"}],
        "Failed": [{"Id": "7-0", "Code": "InternalError", "SenderFault": False, "Message": "text"}],
    }
    assert send(Pool(content)) == {
        "Successful": [{"Id": "7-2"}],
        "Failed": [{"Id": "7-0", "Code": "InternalError", "SenderFault": False}],
    }


@pytest.mark.parametrize("code", [None, 5, ["x"], {}, "x" * 1000])
def test_a_refusal_is_one_whatever_its_code(code: object) -> None:
    content = {"Failed": [{"Id": "7-0", "Code": code, "SenderFault": "yes"}]}
    assert send(Pool(content))["Failed"] == [{"Id": "7-0", "Code": "", "SenderFault": False}]


_IDS = st.sampled_from(["7-0", "7-1", "7-2", "7-3", ""]) | st.none() | st.integers() | st.lists(st.just("7-0"))
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | _IDS,
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["Id", "Successful", "Failed", "x"]), inner),
    max_leaves=5,
)
_LISTS = _JSON | st.lists(st.builds(lambda entry_id: {"Id": entry_id}, _IDS) | _JSON, max_size=4)


@given(content=_JSON | st.fixed_dictionaries({}, optional={"Successful": _LISTS, "Failed": _LISTS, "x": _JSON}))
@example(content={"Successful": [{}]})
@example(content={"Successful": [{"Id": ["7-0"]}]})
@example(content={"Failed": [{"Id": {"7-0": 1}}]})
@example(content={"Successful": [{"Id": "7-0"}], "Failed": [{"Id": "7-0"}]})
def test_any_json_is_a_result_of_this_call_or_a_failure(content: object) -> None:
    """Written a second time, as plainly as can be."""
    pool = Pool(status=200)
    pool._response = HttpResponse(200, json.dumps(content).encode())  # noqa: SLF001 - also what is false
    named: list[object] = []
    valid = isinstance(content, dict)
    for name in ("Successful", "Failed"):
        part = content.get(name) if isinstance(content, dict) else None
        valid = valid and (part is None or isinstance(part, list))
        for entry in part if isinstance(part, list) else []:
            valid = valid and isinstance(entry, dict)
            named.append(entry.get("Id") if isinstance(entry, dict) else None)
    valid = valid and all(isinstance(each, str) and each in {"7-0", "7-1", "7-2"} for each in named)
    valid = valid and len(named) == len(set(map(str, named)))
    if not valid:
        with pytest.raises(SendFailed, match="ResultInvalid"):
            send(pool)
    else:
        result = send(pool)
        assert [entry["Id"] for name in ("Successful", "Failed") for entry in result[name]] == named


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"__type": "com.amazonaws.sqs#QueueDoesNotExist"}, "QueueDoesNotExist"),
        ({"__type": "ThrottlingException"}, "ThrottlingException"),
        ({"message": "x"}, "status_503"),
        ({"__type": 7}, "status_503"),
        ({"__type": "x" * 1000}, "status_503"),
        (["x"], "status_503"),
    ],
)
def test_an_error_is_called_by_awss_code_or_its_status(content: object, code: str) -> None:
    with pytest.raises(SendFailed, match=f"^{code}$"):
        send(Pool(content, 503))


@pytest.mark.parametrize("code", sorted(CREDENTIALS_REFUSED))
def test_refused_credentials_are_dropped(code: str) -> None:
    source = Source()
    with pytest.raises(SendFailed, match=code):
        send(Pool({"__type": f"com.amazon.coral.service#{code}"}, 403), source)
    assert source.dropped == [Credentials("AKID", "secret", None)]


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "RequestThrottled", "SignatureDoesNotMatch", "InternalError"]
)
def test_other_errors_keep_them(code: str) -> None:
    source = Source()
    with pytest.raises(SendFailed, match=code):
        send(Pool({"__type": f"com.amazonaws.sqs#{code}"}, 403), source)
    assert source.dropped == []


def test_without_credentials_nothing_is_sent() -> None:
    pool = Pool()

    async def scenario() -> None:
        environment = dict(_KEYS)
        sending = BatchSender(cast("ConnectionPool", pool), "eu-central-1", credentials_of(environment))
        environment.clear()
        with pytest.raises(SendFailed, match="environment"):
            await sending.send_message_batch("queue-url", _ENTRIES)

    asyncio.run(scenario())
    assert pool.body == b""
