"""Builds the C libraries that stand for those of GPU makers."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def built(source: Path, library: Path, *options: str) -> Path:
    """Compile *source* as a shared library, or skip; where CI is set, fail."""
    if not shutil.which("gcc"):
        said = "gcc is needed to build a stub of a GPU library"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    library.parent.mkdir(parents=True, exist_ok=True)
    command = ["gcc", "-shared", "-fPIC", *options, "-o", str(library), str(source)]
    subprocess.run(command, check=True)
    return library
