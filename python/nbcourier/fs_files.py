"""Files on the exchange that are open: read in ranges, or written to this machine's disk and sent at the end."""

from __future__ import annotations

import errno
import tempfile
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from fsspec.spec import AbstractBufferedFile

from .body import CHUNK, Body
from .errors import Refused
from .fs_errors import as_os_errors, error
from .place import Place
from .v1.directories import BYTES, Entry, V1Directories

if TYPE_CHECKING:
    from .fs import NbCourierFileSystem


class FileToRead(AbstractBufferedFile):
    """A file as it was when it was opened."""

    def __init__(
        self, fs: NbCourierFileSystem, place: Place, entry: Entry, block_size: int, **options: Any
    ) -> None:
        self._place = place
        self._entry = entry
        super().__init__(fs, str(place), "rb", block_size, size=entry.size, **options)

    def _fetch_range(self, start: int, end: int) -> bytes:
        exchange: V1Directories = self.fs.exchange
        place = replace(self._place, version=self._entry.version)
        with as_os_errors(self.path):
            try:
                return exchange.piece(place, start, end)
            except Refused as refused:
                if not refused.missing or self._place.version is not None:
                    raise
            # Versions between are not kept for long. The file may not have changed since.
            return exchange.piece(self._place, start, end, self._entry.sha256)


class FileToWrite(AbstractBufferedFile):
    """A file that is sent as one request when it is closed. An error before leaves the exchange as it is."""

    _spool: BinaryIO | None = None

    def __init__(
        self,
        fs: NbCourierFileSystem,
        place: Place,
        block_size: int,
        expected: str | None = "",
        before: Entry | None = None,
        **options: Any,
    ) -> None:
        """`expected`: see `V1Directories.store`. `before`: the file to append to."""
        self._place = place
        self._expected = expected
        self._before = before
        super().__init__(fs, str(place), "wb", block_size, **options)
        if before is not None:
            self.loc = before.size

    def _initiate_upload(self) -> None:
        self._spool = tempfile.TemporaryFile()
        if self._before is not None:
            with as_os_errors(self.path):
                self.fs.exchange.receive(self._place, self._before.sha256, self._spool)

    def _upload_chunk(self, final: bool = False) -> bool:
        if self._spool is None:
            raise error(errno.EIO, "The file was discarded", self.path)
        self._spool.write(self.buffer.getvalue())
        if final and self.autocommit:
            self.commit()
        return True

    def commit(self) -> None:
        """Sends the file."""
        spool = self._spool
        if spool is None:
            return
        size = spool.seek(0, 2)

        def parts() -> Any:
            spool.seek(0)
            while part := spool.read(CHUNK):
                yield part

        try:
            with as_os_errors(self.path):
                self.fs.exchange.store(
                    self._place, Body(BYTES, parts, size), expected=self._expected
                )
        finally:
            self.discard()
        self.fs.invalidate_cache(self.path)

    def discard(self) -> None:
        """Forgets what was written."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            # Half a file would replace a whole one.
            self.discard()
            self.closed = True
            return
        super().__exit__(kind, value, trace)
