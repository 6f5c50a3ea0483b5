"""Reads dumps from beginning to end: once each, however often somebody looks.

A dump may be larger than what a look has time for. What was read of it is kept as a
hash and a decompressor, so that the next look goes on where this one stopped; a file
that changed in between is begun anew.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import zlib
from collections import OrderedDict

from runbooks.errors import ProbeError
from runbooks.probes.backups import formats
from runbooks.probes.backups.listing import Dump
from runbooks.probes.regular_file import opened

_PIECE = 256 * 1024
"""Bytes read at a time; gzip makes at most a thousandfold of them."""
_GZIP_WINDOW = 31
"""What zlib calls gzip with its header and its check of length and CRC."""
_KEPT = 64
"""Files of which the outcome is remembered."""
_Identity = tuple[str, int, float, tuple[int, int]]

_contents: OrderedDict[_Identity, Contents] = OrderedDict()
_guard = threading.Lock()


class Contents:
    """One file, as far as it was read.

    Attributes:
        offset: bytes read.
        problem: what is wrong with it, such as ``ends in the middle``; "" so far.
        encryption, packing, kind: what it is, see `formats`; "" where nobody can tell.
    """

    def __init__(self, dump: Dump) -> None:
        self._path = dump.path
        self._size = dump.size
        self._inode = dump.inode
        self._lock = threading.Lock()
        self._digest = hashlib.sha256()
        self._gzip: zlib._Decompress | None = None
        self._plain_head = b""
        self._tail = b""
        self._finished = False
        self.offset = 0
        self.problem = ""
        self.encryption = ""
        self.packing = ""
        self.kind = ""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def readable(self) -> bool:
        """Whether its end shows that it is whole; else only a checksum can."""
        return self.kind == formats.SQL and self.packing in ("", formats.GZIP)

    @property
    def done(self) -> bool:
        return self._finished or bool(self.problem)

    def advance(self, end: float) -> bool:
        """Read on until *end* of the monotonic clock; return whether all is read.

        Raises:
            OSError: it may not be read.
            ProbeError: another file has taken its name.
        """
        if not self._lock.acquire(timeout=max(0.0, end - time.monotonic())):
            return False
        try:
            if not self.done:
                self._read(end)
        finally:
            self._lock.release()
        return self.done

    def _read(self, end: float) -> None:
        with opened(self._path) as file:
            seen = os.fstat(file.fileno())
            if (seen.st_dev, seen.st_ino) != self._inode:
                said = f"{self._path} was replaced while it was looked at"
                raise ProbeError(said, stage="query")
            file.seek(self.offset)
            while self.offset < self._size and not self.problem:
                if time.monotonic() >= end:
                    return
                piece = file.read(min(_PIECE, self._size - self.offset))
                if not piece:
                    self.problem = "became shorter while it was read"
                    return
                if not self.offset:
                    self._begin(piece)
                self.offset += len(piece)
                self._digest.update(piece)
                self._take(piece)
        if not self.problem:
            self.problem = self._ending()
            self._finished = True
            self._gzip, self._tail = None, b""

    def _begin(self, piece: bytes) -> None:
        head = piece[: formats.HEAD]
        self.encryption = formats.encryption(head)
        self.packing = formats.packing(head)
        if self.packing == formats.GZIP:
            self._gzip = zlib.decompressobj(_GZIP_WINDOW)

    def _take(self, piece: bytes) -> None:
        if self.encryption or self.packing not in ("", formats.GZIP):
            return
        if self._gzip is None:
            self._keep(piece)
            return
        try:
            self._unpack(piece)
        except zlib.error:
            self.problem = f"is damaged in its first {self.offset} bytes"

    def _unpack(self, piece: bytes) -> None:
        """Decompress, a bounded part at a time; members may follow one another."""
        while piece and self._gzip is not None:
            if self._gzip.eof:
                piece = piece.lstrip(b"\0")  # padding, as gzip(1) allows
                if not piece:
                    return
                self._gzip = zlib.decompressobj(_GZIP_WINDOW)
            self._keep(self._gzip.decompress(piece, _PIECE))
            piece = self._gzip.unconsumed_tail or self._gzip.unused_data

    def _keep(self, plain: bytes) -> None:
        """Keep the two ends of what the file holds."""
        if len(self._plain_head) < formats.HEAD:
            self._plain_head = (self._plain_head + plain)[: formats.HEAD]
        self._tail = (self._tail + plain)[-formats.TAIL :]

    def _ending(self) -> str:
        """Return what the end says is wrong, "" if nothing."""
        if not self._size:
            return "is empty"
        if self.encryption or self.packing not in ("", formats.GZIP):
            return ""
        if self._gzip is not None and not self._gzip.eof:
            return "ends in the middle of its gzip stream"
        self.kind = formats.dump_format(self._plain_head)
        if not self.kind:
            return "holds no dump of PostgreSQL"
        if self.kind == formats.SQL and not formats.is_complete(self._tail):
            return "lacks the last line of a complete dump"
        return ""


def contents(dump: Dump) -> Contents:
    """Return what is known of a dump, from this process's earlier looks too."""
    identity = (os.fspath(dump.path), dump.size, dump.changed, dump.inode)
    with _guard:
        found = _contents.pop(identity, None) or Contents(dump)
        _contents[identity] = found
        while len(_contents) > _KEPT:
            _contents.popitem(last=False)
    return found
