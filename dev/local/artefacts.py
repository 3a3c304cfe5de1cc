"""The functions' artefacts, built as `make build` does but for this machine, and what they run under."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

from dev.paths import ROOT

RUNTIME = "3.13"
"""The Python of the template's functions."""
LAMBDA_RUNTIME = ROOT / ".lambda-runtime"
_IMPORT = "import sys; sys.path.append(sys.argv[1]); import awslambdaric, boto3, runtime_client"
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def lambda_python() -> str | None:
    """The path of a Python of the functions' version, on the path or from pyenv; None without one."""
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{RUNTIME}.*/bin/python3"))
    for candidate in [shutil.which(f"python{RUNTIME}"), *map(str, pyenv)]:
        if candidate and _runs(candidate):
            return candidate
    return None


def _runs(python: str) -> bool:
    command = [python, "-c", "import sys; print(sys.version)"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a Python
    return done.stdout.startswith(f"{RUNTIME}.")


def build(function: str, folder: Path) -> Path:
    """Assembles `ApiFunction` or `ConsumerFunction` in the folder, for this machine's architecture."""
    architecture = _ARCHITECTURES[platform.machine().lower()]
    command = ["make", "-s", f"build-{function}", f"ARTIFACTS_DIR={folder}", f"ARCH={architecture}"]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own
    return folder


def lambda_runtime(python: str) -> Path | None:
    """The folder with the libraries of Lambda's runtime, which make installs from requirements/lambda.txt: boto3 and
    AWS's own runtime client. None where it is missing, or where this Python cannot import them.
    """
    command = [python, "-I", "-S", "-B", "-c", _IMPORT, str(LAMBDA_RUNTIME)]
    imported = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - a Python
    return LAMBDA_RUNTIME if imported.returncode == 0 else None


def runtime_libraries(folder: Path) -> Path:
    """The folder with the libraries of Lambda's runtime: make's, or else the given one, after installing them there."""
    python = lambda_python()
    installed = lambda_runtime(python) if python else None
    if installed:
        return installed
    lock = ROOT / "requirements" / "lambda.txt"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    versions = ["--require-hashes", "--only-binary=:all:", "--python-version", RUNTIME, "-r", str(lock)]
    subprocess.run([*command, *versions, "--target", str(folder)], check=True)  # noqa: S603 - our own
    if python:
        subprocess.run([python, "-m", "compileall", "-q", str(folder)], check=True)  # noqa: S603 - our own
    return folder
