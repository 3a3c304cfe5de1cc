"""Entry point: `app`, for uvicorn."""

import gc
import os
import sys

from api import logs
from api.app import create_app
from api.composition import compose
from api.settings import ApiSettings, SettingMissing

logs.configure()
try:
    settings = ApiSettings.from_environment(os.environ)
except SettingMissing as error:
    sys.exit(
        f"forebay: {error} is not set. While `make run` or `make dev` runs, .local/PORT.env has all that is needed:"
        " set -a; . .local/8000.env; set +a"
    )
app = create_app(compose(settings, os.environ))
gc.freeze()  # what exists by now stays: the garbage collector need not look through it again and again
