"""Reading and writing files without following a link: what lies at the name itself, or nothing (fault U3).

A folder that is named on the way is opened step by step below the first one, each step without following a link. So whoever may
write beside the file cannot lead the program, which has other rights, to another place.
"""

import errno
import os
import stat
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def open_plain(path: Path) -> BinaryIO:
    """A plain file to read. Raises `OSError`, also for a link, a pipe or a device."""
    file = os.open(
        path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    )  # a pipe without a writer would block
    source = os.fdopen(file, "rb")
    if not stat.S_ISREG(os.fstat(file).st_mode):
        source.close()
        raise OSError(errno.EINVAL, "is no plain file")
    return source


def read_plain(path: Path, max_bytes: int) -> bytes:
    """The first `max_bytes` of a plain file. Raises `OSError`, also for a link, a pipe or a device."""
    with open_plain(path) as source:
        return source.read(max_bytes)


def write_new(folder: Path, name: str, data: bytes) -> None:
    """Write a file that does not exist yet, below a folder that does; folders on the way are made. Raises `OSError`."""
    *between, last = PurePosixPath(name).parts
    with ExitStack() as opened:
        at = os.open(folder, _FOLDER)
        opened.callback(os.close, at)
        for step in between:
            with suppress(FileExistsError):
                os.mkdir(step, 0o700, dir_fd=at)
            at = os.open(step, _FOLDER, dir_fd=at)
            opened.callback(os.close, at)
        file = os.open(last, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=at)
        with os.fdopen(file, "wb") as sink:
            sink.write(data)


def put_in_place(path: Path, data: bytes, mode: int) -> None:
    """Write a file anew, by one rename: after a power cut it is the old one or the new one. Raises `OSError`."""
    new = f"{path.name}.new"
    with ExitStack() as opened:
        folder = os.open(path.parent, _FOLDER)
        opened.callback(os.close, folder)
        _remove(new, folder)  # of a run that was cut off
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder)
        try:
            with os.fdopen(file, "wb") as sink:
                sink.write(data)
                sink.flush()
                os.fsync(file)
            os.replace(new, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            _remove(new, folder)  # a full medium keeps no half of it
            raise
        os.fsync(folder)


def _remove(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
