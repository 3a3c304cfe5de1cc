"""The functions' artefacts as `make build` makes them, for this machine, and a Python with nothing else to import."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNTIME = "3.13"
"""The Python of the template's functions."""
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def lambda_python() -> str | None:
    """A Python of the functions' version on this machine, on the path or pyenv's; None where there is none."""
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{RUNTIME}.*/bin/python3"))
    for candidate in [shutil.which(f"python{RUNTIME}"), *map(str, pyenv)]:
        if candidate and _runs(candidate):
            return candidate
    return None


def _runs(python: str) -> bool:
    command = [python, "-c", "import sys; print(sys.version)"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a Python
    return asked.stdout.startswith(f"{RUNTIME}.")


def build(function: str, folder: Path) -> Path:
    """Assembles `ApiFunction` or `ConsumerFunction` in the folder, for this machine's architecture."""
    architecture = _ARCHITECTURES[platform.machine().lower()]
    command = ["make", "-s", f"build-{function}", f"ARTIFACTS_DIR={folder}", f"ARCH={architecture}"]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - our own
    return folder


def runtime_libraries(folder: Path) -> Path:
    """What Lambda's runtime brings along: boto3, and nothing else."""
    lock = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    names = {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}
    wanted = [line.split()[0] for line in lock.splitlines() if line.split("==")[0] in names]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--target", str(folder), *wanted], check=True)  # noqa: S603 - our own
    python = lambda_python()
    if python:
        subprocess.run([python, "-m", "compileall", "-q", str(folder)], check=True)  # noqa: S603 - our own
    return folder
