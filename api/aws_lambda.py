"""Entry point: `handler`, for Lambda."""

import gc
import logging
import os
import sys

from api import logs
from api.app import create_app
from api.composition import compose
from api.gateway import create_handler
from api.host import REAL
from api.settings import ApiSettings
from telemetry.metrics import Metrics

logs.configure()
# No line for a request that was answered well: metrics count it, and its line would cost as much as the invocation.
logging.getLogger("api.request_log").setLevel(logging.WARNING)
settings = ApiSettings.from_environment(os.environ)
metrics = Metrics(settings.record_table_name, REAL.now_ms, sys.stdout.write)
app = create_app(compose(settings, os.environ, metrics.count, is_frozen_between_requests=True))
handler = create_handler(app, metrics.flush)
gc.freeze()  # what exists by now stays: the garbage collector need not look through it again and again
