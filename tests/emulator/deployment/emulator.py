"""The emulator alone, with template.yaml deployed with a test's own parameters, and reached through its HTTP API or its
function URL.

Where MiniStack differs from AWS, and what this module does about it:
- It serves HTTP APIs and function URLs over plain HTTP, under the host name in the stack's outputs. The tests connect
  to loopback and send that name as host, because a signature covers it. `/health` is the emulator's own path, under
  every name.
- It stores the template's CorsConfiguration in a spelling that it does not read; it is set a second time after the
  deploy.
- With `strict` it checks signatures and policies, those of the functions' roles too; by default it does not. The
  capacity limiter is then left out, because it rewrites what was signed, and the browser guard, because tests of CORS
  play web pages. The queues' policy refuses plain HTTP, and the functions have nothing else here, so that policy is
  removed after the deploy. MiniStack wants actions such as `sqs:SendMessageBatch` allowed by that name, where AWS
  checks `sqs:SendMessage`: roles with the one get the other.
"""

import asyncio
import json
import os
import secrets
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

import dev.local.emulator
from dev.local.deploy import STACK_NAME, StackOutputs, deploy
from dev.local.loopback import LOOPBACK, TOKEN_PATH, responds
from dev.local.processes import Process, StopRequest
from dev.paths import ROOT
from ops.local_session import local_session
from tests.harness.ports import free_ports

REGION = "us-east-1"
ACCOUNT = "000000000000"
_ROOT_KEY = "test"
_KEYS = {"AWS_ACCESS_KEY_ID": _ROOT_KEY, "AWS_SECRET_ACCESS_KEY": _ROOT_KEY, "AWS_DEFAULT_REGION": REGION}
_SECONDS_MAX = 20
# MiniStack does not support alarms over several metrics; the table is fast enough to have no influence.
_PARAMETERS = {"BacklogAlarmHours": "0", "TableWriteCapacityUnits": "1000"}
_IN_BATCHES = {"sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}


class Signed(httpx.Auth):
    """Signature Version 4, by botocore."""

    requires_request_body = True

    def __init__(self, key: str, secret: str, service: str = "execute-api") -> None:
        self._signer = SigV4Auth(Credentials(key, secret), service, REGION)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        url = f"http://{request.headers['host']}{request.url.raw_path.decode()}"
        signed = AWSRequest(request.method, url, data=request.content)
        self._signer.add_auth(signed)
        request.headers.update(dict(signed.headers))
        yield request


class Emulator:
    def __init__(self, port: str, *, strict: bool) -> None:
        self.port = port
        self.url = f"http://{LOOPBACK}:{port}"
        self._strict = strict
        self._session = local_session(_KEYS)
        self._clients: dict[str, Any] = {}
        self._open = ExitStack()

    def client(self, service: str) -> Any:
        if service not in self._clients:
            make: Any = self._session.client  # typed for few services
            client = make(service, endpoint_url=self.url, config=Config(retries={"total_max_attempts": 1}))
            self._open.callback(client.close)
            self._clients[service] = client
        return self._clients[service]

    def deploy(self, **parameters: str) -> "Deployment":
        """Creates the stack, or changes it, with these parameters."""
        return self.deploy_template(ROOT / "template.yaml", parameters)

    def deploy_template(self, template: Path, parameters: Mapping[str, str]) -> "Deployment":
        stack = deploy(self._session, self.url, {**_PARAMETERS, **parameters}, template)
        deployment = Deployment(self, stack, self._open.enter_context(self._api(stack)))
        if stack.http_api_id:
            self._set_cors_again(stack)
        if self._strict:
            deployment.remove_queue_policy()
            self._allow_batches()
        return deployment

    def delete(self) -> None:
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=STACK_NAME)
        waiter = cloudformation.get_waiter("stack_delete_complete")
        waiter.wait(StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 30})

    def http_api(self, stack: StackOutputs) -> dict[str, Any]:
        """The HTTP API as the emulator describes it, with the members that boto3 would drop."""
        url = f"{self.url}/v2/apis/{stack.http_api_id}"
        description: dict[str, Any] = httpx.get(url, auth=Signed(_ROOT_KEY, _ROOT_KEY, "apigateway")).json()
        return description

    def close(self) -> None:
        self._open.close()

    def _api(self, stack: StackOutputs) -> httpx.Client:
        host = urlsplit(stack.api_url).netloc
        return httpx.Client(base_url=self.url, headers={"host": host}, timeout=_SECONDS_MAX)

    def _set_cors_again(self, stack: StackOutputs) -> None:
        cors = self.http_api(stack)["corsConfiguration"]
        if "AllowMethods" in cors:  # the template's spelling, which is gone after the first deploy
            self.client("apigatewayv2").update_api(ApiId=stack.http_api_id, CorsConfiguration=cors)

    def _allow_batches(self) -> None:
        iam = self.client("iam")
        for role in [each["RoleName"] for each in iam.list_roles()["Roles"]]:
            for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
                for statement in document["Statement"]:
                    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                    statement["Action"] = actions + [f"{each}Batch" for each in actions if each in _IN_BATCHES]
                iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


class Deployment:
    """A deployed template; `api` is a client of its HTTP API or function URL."""

    def __init__(self, emulator: Emulator, stack: StackOutputs, api: httpx.Client) -> None:
        self.emulator = emulator
        self.stack = stack
        self.api = api
        self.url = f"http://{api.headers['host']}"
        self.queue_policy = ""

    def client(self, service: str) -> Any:
        return self.emulator.client(service)

    def messages(self) -> int:
        """Waiting in the queue and in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        queue = self.stack.record_queue_url
        answer = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)
        return sum(int(count) for count in answer["Attributes"].values())

    def take_messages(self) -> list[Any]:
        """The records of at most ten messages, which are deleted from the queue."""
        sqs, queue = self.client("sqs"), self.stack.record_queue_url
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client("dynamodb").scan(TableName=self.stack.record_table_name)["Items"]
        return items

    def stop_draining(self) -> None:
        """Accepted records stay in the queue from now on."""
        (mapping,) = self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        self.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)

    def routes(self) -> dict[str, str]:
        """The authorization type of each route of the HTTP API."""
        routes = self.client("apigatewayv2").get_routes(ApiId=self.stack.http_api_id)["Items"]
        return {route["RouteKey"]: route["AuthorizationType"] for route in routes}

    def resource_types(self) -> set[str]:
        resources = self.client("cloudformation").describe_stack_resources(StackName=STACK_NAME)["StackResources"]
        return {resource["ResourceType"] for resource in resources}

    def remove_queue_policy(self) -> None:
        with self.as_over_tls() as sqs:
            for queue in (self.stack.record_queue_url, self.stack.record_dead_letter_queue_url):
                answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])
                self.queue_policy = answer["Attributes"]["Policy"]
                sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})

    @contextmanager
    def as_over_tls(self) -> Iterator[Any]:
        """The client of SQS, with the header that a proxy sends which terminates TLS in front of the emulator."""
        sqs, event = self.client("sqs"), "before-sign.sqs"
        sqs.meta.events.register(event, _add_tls_header)
        try:
            yield sqs
        finally:
            sqs.meta.events.unregister(event, _add_tls_header)


def _add_tls_header(request: AWSRequest, **_: Any) -> None:
    request.headers["x-forwarded-proto"] = "https"


@contextmanager
def emulator(*, strict: bool = False) -> Iterator[Emulator]:
    (port,) = free_ports(1)
    token = secrets.token_hex()
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="forebay-", ignore_cleanup_errors=True)))
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PYTHONUNBUFFERED": "1",
            "GATEWAY_PORT": port,
            "BURST_SECONDS": "300",
            "STACK_TOKEN": token,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "AUTH": "true" if strict else "false",
        }
        module = "tests.emulator.deployment.emulator" if strict else "dev.local.emulator"
        process = Process("aws", [module], environment, folder, ROOT)
        started.callback(process.stop)
        aws = Emulator(port, strict=strict)
        started.callback(aws.close)
        process.wait_until(lambda: responds(f"{aws.url}{TOKEN_PATH}", token.encode()), StopRequest())
        yield aws


def _left_out(app: Any, *_: Any) -> Any:
    return app


if __name__ == "__main__":
    with (
        mock.patch.object(dev.local.emulator, "CapacityLimiter", _left_out),
        mock.patch.object(dev.local.emulator, "BrowserGuard", _left_out),
    ):
        asyncio.run(dev.local.emulator.main())
