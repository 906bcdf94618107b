"""The TLS end in front of the local system: haproxy with certificates of our own, made as AWS's are
(a server's and an intermediate of RSA 2048 under a root), speaking HTTP/1.1 as DynamoDB does."""

import os
import socket
import subprocess
from pathlib import Path

from waiting import until

# Where systems keep the roots that they trust; in Lambda it is the second.
SYSTEM_ROOTS = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
]


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def _certificates(folder: Path):
    """Makes `root.pem`, and `server.pem` with key and chain."""
    (folder / "authority.ext").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
    (folder / "server.ext").write_text(
        "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost\n"
    )
    _openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem",
             "-subj", "/CN=Root of a measurement", "-days", "2")
    for name, issuer, subject, extensions in (
        ("middle", "root", "Intermediate of a measurement", "authority.ext"),
        ("leaf", "middle", "localhost", "server.ext"),
    ):
        _openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                 "-subj", f"/CN={subject}")
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key",
                 "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", extensions)
    parts = [(folder / part).read_text() for part in ("leaf.pem", "middle.pem", "leaf.key")]
    (folder / "server.pem").write_text("".join(parts))


class TlsEnd:
    """Takes TLS connections and hands their requests to `upstream`, a port of this machine."""

    def __init__(self, folder: Path, upstream):
        self._folder = folder
        _certificates(folder)
        # As many roots as a system trusts, since each start reads all of them.
        system = next((path for path in SYSTEM_ROOTS if os.path.exists(path)), None)
        roots = Path(system).read_text() if system else ""
        self.roots = folder / "roots.pem"
        self.roots.write_text(roots + (folder / "root.pem").read_text())
        self.root = folder / "root.pem"
        self.port = free_port()
        self._counters = folder / "haproxy.sock"
        (folder / "haproxy.cfg").write_text(
            f"""
global
    stats socket {self._counters}
    maxconn 500
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend tls
    bind 127.0.0.1:{self.port} ssl crt {folder}/server.pem alpn http/1.1
    default_backend local
backend local
    http-reuse always
    server local 127.0.0.1:{upstream}
"""
        )

    @property
    def address(self):
        return f"https://localhost:{self.port}"

    def start(self):
        self._process = subprocess.Popen(
            ["haproxy", "-f", str(self._folder / "haproxy.cfg")],
            stdout=subprocess.DEVNULL, stderr=open(self._folder / "haproxy.log", "w"),
        )
        until("haproxy listens", self._listens, every=0.05)

    def stop(self):
        self._process.terminate()
        self._process.wait()

    def connections(self):
        """How many TLS connections were taken so far."""
        lines = self._ask("show stat").splitlines()
        names = lines[0].lstrip("# ").split(",")
        for line in lines[1:]:
            row = dict(zip(names, line.split(",")))
            if row.get("pxname") == "tls" and row.get("svname") == "FRONTEND":
                return int(row["conn_tot"])
        raise AssertionError("haproxy does not count connections")

    def _listens(self):
        if self._process.poll() is not None:
            raise AssertionError(f"haproxy ended: {(self._folder / 'haproxy.log').read_text()}")
        try:
            return self._ask("show info")
        except OSError:
            return None

    def _ask(self, command):
        with socket.socket(socket.AF_UNIX) as counters:
            counters.connect(str(self._counters))
            counters.sendall(f"{command}\n".encode())
            answer = b""
            while part := counters.recv(65536):
                answer += part
        return answer.decode()
