"""Real OpenSSH servers on 127.0.0.1, each with its own keys and rules."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.server import servers
from tests.server.servers import IS_ROOT, LOCAL

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def make_key(path: Path, passphrase: str = "", *, form: str = "", kind: str = "ed25519") -> Path:
    """Make a private key; ``form`` is ``PEM`` or empty for OpenSSH's own."""
    form_of = ["-m", form] if form else []
    bits = ["-b", "2048"] if kind == "rsa" else []
    _run(["ssh-keygen", "-q", "-t", kind, *bits, *form_of, "-N", passphrase, "-f", str(path)])
    return path


def public(key: Path) -> str:
    """Return kind and key, without the comment."""
    return " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2])


def fingerprint(key: Path) -> str:
    """Return OpenSSH's own fingerprint of a key."""
    return _run(["ssh-keygen", "-lf", str(key)]).split()[1]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass
class SshServer:
    """An OpenSSH server that can be stopped and started again."""

    folder: Path
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None

    @property
    def host_key(self) -> Path:
        """The file of the key it shows."""
        return self.folder / "host_key"

    @property
    def place(self) -> str:
        """Its name in a file of known hosts."""
        return f"[{LOCAL}]:{self.port}"

    @property
    def known_line(self) -> str:
        """What a file of known hosts says about it."""
        return f"{self.place} {public(self.host_key)}\n"

    def admit(self, key: Path) -> None:
        """Let whoever has ``key`` in."""
        with (self.folder / "authorized_keys").open("a") as file:
            file.write(f"{public(key)}\n")

    def start(self) -> None:
        """Start it; it listens when this returns."""
        rules = {
            "ListenAddress": LOCAL, "Port": str(self.port), "HostKey": str(self.host_key),
            "AuthorizedKeysFile": str(self.folder / "authorized_keys"), "PidFile": "none",
            "UsePAM": "no", "StrictModes": "no", "PermitRootLogin": "yes",
            "PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no",
            "LogLevel": "ERROR", **self.settings,
        }  # fmt: skip
        config = self.folder / "sshd_config"
        config.write_text("".join(f"{name} {value}\n" for name, value in rules.items()))
        if IS_ROOT:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=log)
        servers.wait_for(self.port, self.running)

    def stop(self) -> None:
        """Stop it and every connection through it, at once."""
        import psutil

        if self.running is None:
            return
        everybody = psutil.Process(self.running.pid).children(recursive=True)
        self.running.kill()
        self.running.wait(10)
        for process in everybody:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.running = None

    def freeze(self) -> None:
        """Let it fall silent without hanging up, as a cut network does."""
        import psutil

        assert self.running is not None
        for process in psutil.Process(self.running.pid).children(recursive=True):
            process.suspend()


@contextlib.contextmanager
def ssh_server(folder: Path, **settings: str) -> Iterator[SshServer]:
    """Start an OpenSSH server with these further settings; ``folder`` is made for it."""
    folder.mkdir()
    make_key(folder / "host_key")
    (folder / "authorized_keys").touch()
    server = SshServer(folder, servers.free_port(), settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def agent(*keys: Path) -> Iterator[str]:
    """Start a real agent that holds ``keys``; yield the path of its socket."""
    folder = Path(tempfile.mkdtemp(prefix="tla", dir="/tmp"))  # the paths of sockets are short
    path = folder / "agent"
    command = ["ssh-agent", "-D", "-a", str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        try:
            while not path.exists():
                assert running.poll() is None
            environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
            for key in keys:
                adding = ["ssh-add", "-q", str(key)]
                subprocess.run(adding, env=environment, check=True, capture_output=True)
            yield str(path)
        finally:
            running.terminate()
            running.wait(10)
            shutil.rmtree(folder, ignore_errors=True)


ME = getpass.getuser()
