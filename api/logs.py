"""Logs: one JSON object a line, with the request's id. They never hold record contents."""

import logging
import sys

from pydantic_core import to_json

from api.request_log import request_id
from records.times import rfc3339

_STANDARD_FIELDS = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "timestamp": rfc3339(int(record.created * 1000)),
            "level": record.levelname,
            "message": record.getMessage(),
        }
        if identity := request_id.get():
            fields["request_id"] = identity
        given = vars(record).items()
        fields |= {name: value for name, value in given if value is not None and name not in _STANDARD_FIELDS}
        return to_json(fields, fallback=str).decode()


def configure() -> None:
    """Sets up the root logger, once for the process."""
    # Nobody reads these fields, and finding them is two thirds of a line's cost:
    # https://docs.python.org/3/howto/logging.html#optimization
    logging._srcfile = None  # noqa: SLF001 - as documented there
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # The server's own lines go through the root logger too; but not its access log, which holds paths, and so ids.
    for server in ("uvicorn", "uvicorn.error"):
        logging.getLogger(server).handlers.clear()
        logging.getLogger(server).propagate = True
    logging.getLogger("uvicorn.access").handlers.clear()
    logging.getLogger("uvicorn.access").propagate = False
    # What the client libraries log at every start concerns only themselves.
    for library in ("botocore", "boto3", "mangum"):
        logging.getLogger(library).setLevel(logging.WARNING)
