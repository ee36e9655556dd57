"""`Disk`: what the journal needs of a medium. `FileDisk`: a medium that is a folder of a file system.

Segments are files of a fixed size whose blocks exist and hold zeros before the first record is written: an
append then changes no metadata, and `fdatasync` makes it durable. (Blocks that were only reserved would not
do: the file system marks them as written in its own journal at the first sync.)
"""

import errno
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

_NEW = ".new"
_CHUNK = 1 << 20


class Disk(Protocol):
    """A medium of named segments. Every method raises `OSError` (EIO, ENOSPC, EROFS ..) when it cannot."""

    def names(self) -> Sequence[str]:
        """The segments that exist, sorted."""
        ...

    def create(self, name: str, head: bytes, size: int) -> None:
        """Make a segment: `head`, then zeros up to `size`. It exists whole and durably afterwards, or not at all.

        A name that is taken is an error (EEXIST): no segment is ever replaced.
        """
        ...

    def read(self, name: str, size: int | None = None) -> bytes:
        """The segment, or its first `size` bytes, read from the medium and not from a cache."""
        ...

    def write_at(self, name: str, offset: int, data: bytes) -> None:
        """Write inside the segment, which never grows (EFBIG). Not durable before `sync`."""
        ...

    def sync(self, name: str) -> None:
        """Return once everything written to the segment is on the medium. An error here is final."""
        ...

    def free_bytes(self) -> int:
        """Room left for new segments."""
        ...

    def close(self) -> None:
        """Close all files and release the medium. Calling it twice is harmless."""
        ...


class FileDisk:
    """A folder, locked for this process until `close`. Raises `BlockingIOError` at once when another process has it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise
        for leftover in folder.glob(f"*{_NEW}"):
            leftover.unlink()

    def names(self) -> Sequence[str]:
        return sorted(path.name for path in self._folder.iterdir() if not path.name.startswith("."))

    def create(self, name: str, head: bytes, size: int) -> None:
        path, made = self._folder / name, self._folder / (name + _NEW)
        if path.exists():
            raise _trouble(errno.EEXIST)
        file = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            os.posix_fallocate(file, 0, size)  # a full medium raises here, before the first byte
            for offset in range(0, size, _CHUNK):
                _write_all(file, offset, bytes(min(_CHUNK, size - offset)))
            _write_all(file, 0, head)
            os.fsync(file)
        except OSError:
            os.close(file)
            made.unlink(missing_ok=True)
            raise
        made.rename(path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._files[name] = file

    def read(self, name: str, size: int | None = None) -> bytes:
        file = self._file(name)
        # A sync that failed may have left clean pages that the medium never got: drop them and read the medium.
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        size = os.fstat(file).st_size if size is None else size
        parts: list[bytes] = []
        offset = 0
        while offset < size:
            part = os.pread(file, min(_CHUNK, size - offset), offset)
            if not part:
                break
            parts.append(part)
            offset += len(part)
        return b"".join(parts)

    def write_at(self, name: str, offset: int, data: bytes) -> None:
        file = self._file(name)
        if offset + len(data) > os.fstat(file).st_size:
            raise _trouble(errno.EFBIG)
        _write_all(file, offset, data)

    def sync(self, name: str) -> None:
        os.fdatasync(self._file(name))

    def free_bytes(self) -> int:
        room = os.statvfs(self._folder)
        return room.f_bavail * room.f_frsize

    def close(self) -> None:
        for file in self._files.values():
            os.close(file)
        self._files.clear()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _file(self, name: str) -> int:
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = os.open(self._folder / name, os.O_RDWR | os.O_NOFOLLOW)
        return file


def open_mounted(folder: Path) -> FileDisk:
    """Open a folder on a removable medium. It is not created: without its medium it would be on another one.

    Raises `OSError` when the folder does not exist.
    """
    if not folder.is_dir():
        raise OSError(errno.ENOENT, "the medium is not there")
    return FileDisk(folder)


def _trouble(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def _write_all(file: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        offset += written
        view = view[written:]
