"""Importing probes and actions in two threads, as screen and engine do."""

from __future__ import annotations

import subprocess
import sys

TWO_THREADS = """
import sys, threading
from runbooks import actions, probes

begun, crossed = threading.Event(), threading.Event()

class Watch:
    '''Holds the probes' package half imported while the actions want part of it.'''

    def find_spec(self, name, path=None, target=None):
        if name == "runbooks.probes.backups.days":
            begun.set()
            crossed.wait(1)  # in vain where one waits for the other, as they should
        elif name == "runbooks.probes.backups.contents":
            crossed.set()

sys.meta_path.insert(0, Watch())
engine = threading.Thread(target=probes.probe_class, args=("backups.dumps",))
engine.start()
begun.wait(10)
actions.action_class("backups.run_now")
engine.join()
print(probes.probe_class("backups.dumps").__name__)
"""


def test_families_that_need_each_other_are_imported_by_two_threads() -> None:
    words = [sys.executable, "-W", "error", "-c", TWO_THREADS]
    done = subprocess.run(words, capture_output=True, text=True, timeout=50)
    assert (done.stdout, done.stderr) == ("ContentsProbe\n", "")
