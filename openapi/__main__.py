"""`python -m openapi` writes openapi/openapi.json; with `--check` it only says whether the file has drifted."""

import json
import sys
from datetime import datetime
from pathlib import Path

from api import clients
from api.app import create_app
from api.calls import Calls
from api.credentials import credentials
from api.depth import QueueDepth
from api.queue import RecordQueue
from api.routes import Parts
from api.sqs import Sqs
from api.table import RecordTable
from api.wire import Wire
from records.key import KeySchema
from records.version import Versions

PATH = Path(__file__).with_name("openapi.json")


def document() -> str:
    """The app's OpenAPI document. Nothing is called, so where its parts point does not matter."""
    key_schema, reads = KeySchema(), Calls(clients.dynamodb)
    depth = QueueDepth("", Calls(clients.sqs))
    sqs = Sqs(Wire("http://nowhere"), "", credentials({}), datetime.now)
    app = create_app(
        Parts(
            queue=RecordQueue(sqs, ""),
            queue_depth=depth,
            dead_letter_queue_depth=depth,
            table=RecordTable("", key_schema, reads),
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
