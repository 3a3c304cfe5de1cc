"""One FastAPI app for every path: what guards it, guards ingestion too."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from mangum import Mangum
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import PlainTextResponse, Response

from api import problems
from api.app import create_app
from api.ingest.route import IngestRoute
from api.routes import add_routes
from tests.unit.api.doubles import DynamoDb, Sqs, app_of, components_of, request

_RECORD = '{"id":"1"}'
_ITEM = {"1": {"id": {"S": "1"}}}
_KEY = {"x-key": "secret"}


async def needs_key(x_key: Annotated[str | None, Header()] = None) -> None:
    if x_key != "secret":
        raise HTTPException(401)


async def middleware_that_needs_key(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    return await call_next(request) if request.headers.get("x-key") == "secret" else PlainTextResponse("", 401)


def with_middleware(sqs: Sqs) -> FastAPI:
    app = app_of(sqs, DynamoDb(_ITEM))
    app.middleware("http")(middleware_that_needs_key)
    return app


def with_dependency_of_the_app(sqs: Sqs) -> FastAPI:
    app = FastAPI(dependencies=[Depends(needs_key)])
    problems.install(app, lambda: 0.0)
    add_routes(app.router, components_of(sqs, DynamoDb(_ITEM)))
    return app


def with_dependency_of_the_router(sqs: Sqs) -> FastAPI:
    app, router = FastAPI(), APIRouter(dependencies=[Depends(needs_key)])
    problems.install(app, lambda: 0.0)
    add_routes(router, components_of(sqs, DynamoDb(_ITEM)))
    app.include_router(router)
    return app


def with_dependency_of_the_inclusion(sqs: Sqs) -> FastAPI:
    app, router = FastAPI(), APIRouter()
    problems.install(app, lambda: 0.0)
    add_routes(router, components_of(sqs, DynamoDb(_ITEM)))
    app.include_router(router, dependencies=[Depends(needs_key)])
    return app


Ask = Callable[[FastAPI, str, str, dict[str, str], str], int]


def by_asgi(root_path: str) -> Ask:
    """As uvicorn calls the app; with `--root-path` it puts the prefix before the path."""

    def ask(app: FastAPI, method: str, path: str, headers: dict[str, str], body: str) -> int:
        async def send() -> int:
            transport = httpx.ASGITransport(app, root_path=root_path)
            async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
                return (await client.request(method, root_path + path, headers=headers, content=body)).status_code

        return asyncio.run(send())

    return ask


def by_mangum(app: FastAPI, method: str, path: str, headers: dict[str, str], body: str) -> int:
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1"}
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "api", **headers},
        "requestContext": {"http": http, "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    }
    context: Any = None
    status: int = Mangum(app, lifespan="off")(event, context)["statusCode"]
    return status


_GUARDED = [
    with_middleware,
    with_dependency_of_the_app,
    with_dependency_of_the_router,
    with_dependency_of_the_inclusion,
]


@pytest.mark.parametrize("ask", [by_asgi(""), by_asgi("/prefix"), by_mangum], ids=["asgi", "root-path", "mangum"])
@pytest.mark.parametrize("guarded", _GUARDED)
def test_what_guards_reading_guards_ingestion(guarded: Callable[[Sqs], FastAPI], ask: Ask) -> None:
    sqs = Sqs()
    app, json = guarded(sqs), {"content-type": "application/json"}
    assert ask(app, "POST", "/records", json, _RECORD) == 401
    assert ask(app, "POST", "/records/", json, _RECORD) == 401
    assert ask(app, "GET", "/records/1", {}, "") == 401
    assert ask(app, "HEAD", "/records/1", {}, "") == 401
    assert sqs.bodies == []
    assert ask(app, "POST", "/records", json | _KEY, _RECORD) == 202
    assert ask(app, "POST", "/records/", json | _KEY, _RECORD) == 202
    assert ask(app, "GET", "/records/1", _KEY, "") == 200
    assert ask(app, "HEAD", "/records/1", _KEY, "") == 200
    assert sqs.bodies == [_RECORD, _RECORD]


@pytest.mark.parametrize("guarded", _GUARDED[1:])
def test_the_openapi_document_has_the_dependencies_of_ingestion(guarded: Callable[[Sqs], FastAPI]) -> None:
    paths = guarded(Sqs()).openapi()["paths"]
    for operation in (paths["/records"]["post"], paths["/records/{record_id}"]["get"]):
        assert "x-key" in [parameter["name"] for parameter in operation["parameters"]]


def test_a_dependency_can_be_overridden_for_ingestion_as_fastapi_documents() -> None:
    app = with_dependency_of_the_app(Sqs())
    app.dependency_overrides[needs_key] = lambda: None
    assert by_asgi("")(app, "POST", "/records", {"content-type": "application/json"}, _RECORD) == 202


def test_the_app_is_a_fastapi_app_and_nothing_is_around_it() -> None:
    app = app_of()
    assert isinstance(app, FastAPI)
    ingestion = [(route.path, route.methods) for route in app.routes if isinstance(route, IngestRoute)]
    assert ingestion == [("/records", {"POST"}), ("/records/", {"POST"})]


@pytest.mark.parametrize("root_path", ["", "/prefix"])
def test_the_ingest_route_answers_as_fastapis_own_route_does(root_path: str) -> None:
    """Whatever happens: refusals, problems, and errors that nobody expected."""

    async def outcome(app: FastAPI, body: str, media_type: str) -> tuple[int, Any, Any]:
        transport = httpx.ASGITransport(app, root_path=root_path)
        headers = {"content-type": media_type, "x-request-id": "one"}
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            response = await client.post(f"{root_path}/records", content=body, headers=headers)
            return response.status_code, sorted(response.headers.items()), response.json()

    def broken(_batch: Any) -> Any:
        raise ZeroDivisionError

    for body, media_type, status in (
        (_RECORD, "application/json", 202),
        ("[]", "application/json", 202),
        ('{"id":', "application/json", 400),
        ('{"id":1}', "application/json", 422),
        ("{}", "text/plain", 415),
    ):
        fast, ordinary = create_app(components_of()), _with_ordinary_route()
        assert asyncio.run(outcome(fast, body, media_type)) == asyncio.run(outcome(ordinary, body, media_type))
        assert asyncio.run(outcome(fast, body, media_type))[0] == status


def _with_ordinary_route() -> FastAPI:
    app = create_app(components_of())
    app.router.routes[:] = [route for route in app.routes if not isinstance(route, IngestRoute)]
    app.router.add_api_route("/records", components_of().accept_records, methods=["POST"], status_code=202)
    return app


def test_a_slash_at_the_end_is_the_same_path_and_no_second_one_in_the_openapi_document() -> None:
    sqs = Sqs()
    app = app_of(sqs)
    assert by_asgi("")(app, "POST", "/records/", {"content-type": "application/json"}, _RECORD) == 202
    assert sqs.bodies == [_RECORD]
    assert "/records/" not in app.openapi()["paths"]


@pytest.mark.parametrize("path", ["/records?id=1", "/records/1", "/buffer", "/ready", "/health", "/", "/docs"])
def test_head_is_answered_as_get_is_and_allow_names_it(path: str) -> None:
    app = app_of(Sqs(), DynamoDb(_ITEM))
    got, headed, refused = (
        request(app, method, path, headers={"x-request-id": "one"}) for method in ("GET", "HEAD", "PATCH")
    )
    assert got.status_code in {200, 307}
    assert (headed.status_code, headed.headers) == (got.status_code, got.headers)
    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) - {"POST"} == {"GET", "HEAD"}


def test_head_is_not_in_the_openapi_document() -> None:
    assert {method for path in app_of().openapi()["paths"].values() for method in path} == {"get", "post"}


@pytest.mark.parametrize("root_path", ["", "/prefix"])
def test_the_root_leads_browsers_and_people_with_curl_to_the_docs(root_path: str) -> None:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(app_of(), root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://api", follow_redirects=False) as client:
            return await client.get(f"{root_path}/")

    answer = asyncio.run(get())
    assert (answer.status_code, answer.headers["location"]) == (307, f"{root_path}/docs")
    assert answer.text.endswith(f" {root_path}/docs\n")


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/records/1", "/nowhere"])
def test_no_answer_depends_on_the_host_that_a_client_names(path: str) -> None:
    app = app_of(Sqs(), DynamoDb(_ITEM))
    answers = [
        request(app, "GET", path, headers={"x-request-id": "one", "host": host, "x-forwarded-host": host})
        for host in ("api", "evil.example")
    ]
    assert answers[0].content == answers[1].content
    assert answers[0].headers == answers[1].headers


def test_the_openapi_document_gives_no_idempotency_key_that_a_page_could_fill_in() -> None:
    """Whoever tries a request twice in /docs would overwrite the first one's records."""
    parameters = app_of().openapi()["paths"]["/records"]["post"]["parameters"]
    (key,) = [each for each in parameters if each["name"] == "Idempotency-Key"]
    assert not {"example", "examples"} & key.keys()
    assert not {"example", "examples", "default"} & key["schema"].keys()
    assert "`2026-11-23/batch-7`" in key["description"]


def test_no_refusal_waits_for_a_thread() -> None:
    """Starlette calls a handler of errors that is no coroutine in a thread, and there are forty of them."""
    handlers = create_app(components_of()).exception_handlers
    assert {problems.Problem, StarletteHTTPException} <= handlers.keys()
    assert all(inspect.iscoroutinefunction(handler) for handler in handlers.values())
