"""`app`, for uvicorn."""

import gc
import os

from api import logs
from api.app import create_app
from api.parts import compose

logs.configure()
app = create_app(compose(os.environ))
gc.freeze()  # what is made up to here stays, and need not be looked through again and again
