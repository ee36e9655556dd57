"""The databases for the tests: a SQLite file always; PostgreSQL where its server and its driver are installed."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), None)
AT_HAND = ["sqlite"]
if _BIN is not None and importlib.util.find_spec("psycopg") is not None:
    AT_HAND.append("postgresql")


@contextmanager
def database(kind: str, directory: Path) -> Iterator[str]:
    """The URL of an empty database, which exists until the block ends."""
    if kind == "sqlite":
        yield f"sqlite:///{directory / 'centre.db'}"
        return
    assert _BIN is not None
    with TemporaryDirectory(
        prefix="kofuki-pg-"
    ) as short:  # the path of a Unix socket is limited to about 100 characters
        data = Path(short) / "data"
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if as_user:
            shutil.chown(short, "postgres")
        subprocess.run(
            [*as_user, _BIN / "initdb", "-D", data, "-U", "centre", "-A", "trust"],
            check=True,
            cwd=short,
            capture_output=True,
        )
        options = f"-k {short} -c listen_addresses='' -c fsync=off"
        server = [*as_user, _BIN / "pg_ctl", "-D", data, "-w", "-l", f"{short}/log"]
        subprocess.run([*server, "-o", options, "start"], check=True, cwd=short, capture_output=True)
        try:
            yield f"postgresql+psycopg://centre@/postgres?host={short}"
        finally:
            subprocess.run([*server, "-m", "immediate", "stop"], check=True, cwd=short, capture_output=True)
