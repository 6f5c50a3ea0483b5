"""How gonogo starts Python anew, for what has to be a process of its own.

Such a process begins in the working directory of the operator, where nothing may be
taken for a library.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]


def python(module: str) -> tuple[str, ...]:
    """Return the words that run *module* without looking where it is started."""
    return (sys.executable, "-P", "-m", module)


def search_path(environ: Mapping[str, str] = os.environ) -> str:
    """Return PYTHONPATH for it: gonogo, then what the operator named as a whole path.

    An element that is empty or relative means the working directory, or is in it.
    """
    named = environ.get("PYTHONPATH", "").split(os.pathsep)
    if sys.flags.ignore_environment:
        named = []
    return os.pathsep.join((str(ROOT), *filter(os.path.isabs, named)))


def environment() -> dict[str, str]:
    """Return the environment of this process with that path in it."""
    return {**os.environ, "PYTHONPATH": search_path()}
