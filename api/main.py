"""`app`, for uvicorn."""

import gc
import os

from api import logs
from api.app import create_app
from api.composition import compose
from api.short_way import ShortWay

logs.configure()
parts = compose(os.environ)
app = ShortWay(parts.accept_records, create_app(parts))
gc.freeze()  # what is made up to here stays, and need not be looked through again and again
