"""Starts AWS's runtime client in a Python that can import nothing but what Lambda's can.

`python -I -S -B bootstrap.py TASK_ROOT RUNTIME_LIBRARIES HANDLER`: as on Lambda, the artefact comes before the standard
library, and what the runtime brings along after it.
"""

import runpy
import sys

task_root, runtime_libraries, handler = sys.argv[1:]
sys.path.insert(0, task_root)
sys.path.append(runtime_libraries)
sys.argv = ["awslambdaric", handler]
runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
