"""Importing families of probes and actions, one after the other.

They import parts of each other, and the screen asks for one while the engine's thread
asks for another. Two imports that need what the other has begun would both fail.
"""

from __future__ import annotations

from importlib import import_module
from threading import RLock
from types import ModuleType

_importing = RLock()


def family(name: str) -> ModuleType:
    """Return the module *name*, once nobody else imports a family."""
    with _importing:
        return import_module(name)
