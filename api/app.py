"""Puts the app together from the parts passed in. No I/O."""

from fastapi import FastAPI

from api import problems
from api.queue import RecordQueue
from api.routes import routes
from api.table import RecordTable
from records.key import KeySchema
from records.version import Versions


def create_app(queue: RecordQueue, table: RecordTable, versions: Versions, key_schema: KeySchema) -> FastAPI:
    app = FastAPI(
        title="Forebay",
        version="0.1.0",
        summary="Accepts JSON records at full speed; they reach the DynamoDB table at the table's own rate.",
    )
    problems.install(app)
    app.include_router(routes(queue, table, versions, key_schema))
    return app
