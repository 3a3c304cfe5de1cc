"""Who may call the deployed HTTP API, for each `Authorization` of the template.

The emulator checks signatures and policies here (see emulator.py), so the functions, too, can only do what their
roles allow. It does not check permissions for the event source mapping's polling, for logs or for traces. And it
answers every preflight request itself, where AWS sends it to the route that matches it.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from dev.paths import ROOT
from tests.emulator.deployment.emulator import ACCOUNT, REGION, Deployment, Signed, emulator
from tests.harness.waiting import eventually

_PAGE = "https://page.example"
_OTHER_PAGE = "https://other.example"


# ── IAM, the default ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def signed_only() -> Iterator[Deployment]:
    with emulator(strict=True) as aws:
        yield aws.deploy(CorsOrigins=f"{_PAGE},{_OTHER_PAGE}")


def may_invoke(deployment: Deployment) -> str:
    """The policy that README.md describes."""
    resource = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{deployment.stack.http_api_id}/*"
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def producer(signed_only: Deployment) -> tuple[str, str]:
    """The keys of a user who may invoke the API, and do nothing else."""
    return user(signed_only, "producer", may_invoke(signed_only))


def user(deployment: Deployment, name: str, policy: str | None = None) -> tuple[str, str]:
    iam = deployment.client("iam")
    iam.create_user(UserName=name)
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="invoke", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_every_route_requires_a_signature_by_default(signed_only: Deployment) -> None:
    routes = {key: wanted for key, wanted in signed_only.routes().items() if not key.startswith("OPTIONS ")}
    assert routes
    assert set(routes.values()) == {"AWS_IAM"}


def test_a_request_without_a_signature_is_refused(signed_only: Deployment) -> None:
    assert signed_only.api.post("/records", json={"id": "unsigned"}).status_code == 403
    assert signed_only.api.get("/records/unsigned").status_code == 403


def test_a_signed_request_is_accepted_and_its_record_is_in_the_table_and_readable(
    signed_only: Deployment, producer: tuple[str, str]
) -> None:
    """It shows, too, that each function's role allows what the function did."""
    accepted = signed_only.api.post("/records", json={"id": "a b/é%", "n": 1}, auth=Signed(*producer))
    assert accepted.status_code == 202, accepted.text

    def read() -> Any:
        got = signed_only.api.get("/records?id=a%20b%2F%C3%A9%25", auth=Signed(*producer))
        assert got.status_code in {200, 404}, got.text
        return got.json() if got.status_code == 200 else None

    assert eventually(read) == {"id": "a b/é%", "n": 1}
    assert "a b/é%" in {item["id"]["S"] for item in signed_only.items()}


def test_the_roles_allow_everything_else_that_the_functions_do(
    signed_only: Deployment, producer: tuple[str, str]
) -> None:
    sqs, letters = signed_only.client("sqs"), signed_only.stack.record_dead_letter_queue_url
    sqs.send_message(QueueUrl=signed_only.stack.record_queue_url, MessageBody="{")

    def letter() -> Any:
        return sqs.receive_message(QueueUrl=letters, MessageAttributeNames=["All"]).get("Messages")

    ((reason, body),) = [
        (each["MessageAttributes"]["reason"]["StringValue"], each["Body"]) for each in eventually(letter)
    ]
    assert (reason, body) == ("json_malformed", "{")
    buffer = signed_only.api.get("/buffer", auth=Signed(*producer))
    assert (buffer.status_code, buffer.json()["drain"]["write_capacity_units"]) == (200, 1000)
    ready = signed_only.api.get("/ready", auth=Signed(*producer))
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 307), ("HEAD", "/", 307), ("HEAD", "/buffer", 200), ("POST", "/records/", 202)],
)
def test_the_root_head_and_a_slash_at_the_end_are_answered_to_a_signed_request_only(
    signed_only: Deployment, producer: tuple[str, str], method: str, path: str, status: int
) -> None:
    body: Any = {"json": {"id": "slash"}} if method == "POST" else {}
    assert signed_only.api.request(method, path, **body).status_code == 403
    assert signed_only.api.request(method, path, auth=Signed(*producer), **body).status_code == status


def test_a_wrong_signature_is_refused(signed_only: Deployment, producer: tuple[str, str]) -> None:
    wrong = Signed(producer[0], "not-the-secret")
    assert signed_only.api.post("/records", json={"id": "forged"}, auth=wrong).status_code == 403


def test_a_user_who_may_not_invoke_the_api_is_refused(signed_only: Deployment) -> None:
    stranger = Signed(*user(signed_only, "stranger"))
    assert signed_only.api.post("/records", json={"id": "strange"}, auth=stranger).status_code == 403


def readmes_curl_line() -> str:
    (line,) = re.findall(
        r"^curl [^\n]*--aws-sigv4(?:[^\n]*\\\n)*[^\n]*", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    return str(line)


def curl_signs() -> bool:
    curl = shutil.which("curl")
    if curl is None:
        return False
    return b"--aws-sigv4" in subprocess.run([curl, "--help", "all"], capture_output=True, check=True).stdout


@pytest.mark.skipif(not curl_signs(), reason="no curl that signs requests (7.75 or newer)")
@pytest.mark.parametrize("temporary", [False, True], ids=["a user's keys", "a role's session"])
def test_the_readmes_curl_line_is_accepted(
    signed_only: Deployment, producer: tuple[str, str], *, temporary: bool
) -> None:
    key, secret, token = session(signed_only) if temporary else (*producer, "")
    environment = {
        "API_URL": signed_only.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
    }
    line = readmes_curl_line()
    done = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [receipt["id"] for receipt in json.loads(done.stdout)["records"]] == ["42"]


def session(deployment: Deployment) -> tuple[str, str, str]:
    iam = deployment.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="shipper", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.put_role_policy(RoleName="shipper", PolicyName="invoke", PolicyDocument=may_invoke(deployment))
    given = deployment.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]


def test_the_queues_refuse_what_does_not_come_by_tls(signed_only: Deployment) -> None:
    """Not even the account's root: on the dead-letter queue, whose policy the two share."""
    letters = signed_only.stack.record_dead_letter_queue_url
    plain = signed_only.client("sqs")
    plain.set_queue_attributes(QueueUrl=letters, Attributes={"Policy": signed_only.queue_policy})
    with pytest.raises(plain.exceptions.ClientError, match="AccessDenied"):
        plain.send_message(QueueUrl=letters, MessageBody="{}")
    with signed_only.as_over_tls() as sqs:
        assert sqs.send_message(QueueUrl=letters, MessageBody="{}")["MessageId"]
        sqs.set_queue_attributes(QueueUrl=letters, Attributes={"Policy": ""})
        sqs.purge_queue(QueueUrl=letters)


# ── CORS ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def preflight(deployment: Deployment, origin: str) -> Any:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    return deployment.api.options("/records", headers={"origin": origin, **asked})


@pytest.mark.parametrize("origin", [_PAGE, _OTHER_PAGE])
def test_a_preflight_of_an_allowed_page_is_answered(signed_only: Deployment, origin: str) -> None:
    answer = preflight(signed_only, origin)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == origin
    assert set(answer.headers["access-control-allow-methods"].split(",")) == {"GET", "POST"}
    allowed = set(answer.headers["access-control-allow-headers"].split(","))
    assert {"authorization", "content-type", "idempotency-key", "x-amz-date", "x-amz-security-token"} <= allowed
    assert answer.headers["access-control-max-age"] == "600"


def test_a_preflight_of_another_page_is_not_allowed(signed_only: Deployment) -> None:
    assert "access-control-allow-origin" not in preflight(signed_only, "https://stranger.example").headers


def test_an_allowed_page_may_read_the_answer(signed_only: Deployment, producer: tuple[str, str]) -> None:
    answer = signed_only.api.get("/buffer", headers={"origin": _PAGE}, auth=Signed(*producer))
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, _PAGE)
    assert "x-request-id" in answer.headers["access-control-expose-headers"]


def test_a_preflight_needs_no_authorization(signed_only: Deployment) -> None:
    """AWS answers a preflight itself only where no route with an authorization matches it:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    """
    routes = signed_only.routes()
    matching = [key for key in ("OPTIONS /{proxy+}", "ANY /{proxy+}", "$default") if key in routes]
    assert [routes[key] for key in matching[:1]] in ([], ["NONE"])


# ── NONE ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def everybody() -> Iterator[Deployment]:
    with emulator(strict=True) as aws:
        deployment = aws.deploy(Authorization="NONE")
        deployment.stop_draining()
        yield deployment


def test_without_authorization_everybody_may_call_the_api(everybody: Deployment) -> None:
    assert set(everybody.routes().values()) == {"NONE"}
    assert everybody.api.post("/records", json={"id": "anybody"}).status_code == 202
    assert everybody.take_messages() == [{"id": "anybody"}]


def test_without_allowed_origins_no_page_may_call_the_api(everybody: Deployment) -> None:
    assert "access-control-allow-origin" not in preflight(everybody, _PAGE).headers
    answer = everybody.api.get("/buffer", headers={"origin": _PAGE})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
