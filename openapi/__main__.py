"""`python -m openapi` writes openapi/openapi.json; with `--check` it only says whether the file has drifted."""

import json
import sys
from pathlib import Path

import boto3

from api.app import create_app
from api.calls import Calls
from api.queue import QueueDepth, RecordQueue
from api.routes import Parts
from api.table import RecordTable
from records.key import KeySchema
from records.version import Versions

PATH = Path(__file__).with_name("openapi.json")


def document() -> str:
    """The app's OpenAPI document. The clients are never called, so where they point does not matter."""
    session = boto3.session.Session(region_name="us-east-1")
    sqs, calls, key_schema = session.client("sqs"), Calls(), KeySchema()
    app = create_app(
        Parts(
            queue=RecordQueue(sqs, "", calls),
            queue_depth=QueueDepth(sqs, "", calls),
            dead_letter_queue_depth=QueueDepth(sqs, "", calls),
            table=RecordTable(session.client("dynamodb"), "", key_schema, calls),
            versions=Versions(lambda: 0, lambda _: 0),
            key_schema=key_schema,
        )
    )
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    if "--check" not in sys.argv[1:]:
        PATH.write_text(document(), encoding="utf-8")
    elif not PATH.exists() or PATH.read_text(encoding="utf-8") != document():
        print("openapi/openapi.json has drifted from the app: run `make openapi`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
