"""A TLS server on loopback that is a git remote and four registries at once: cargo's
sparse index, npm, PyPI's simple index and a Go module proxy.  One package each."""
import base64
import hashlib
import http.server
import io
import json
import os
import ssl
import subprocess
import tarfile
import threading
import zipfile


def tarball(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


CRATE = tarball({"greet-1.0.0/Cargo.toml": '[package]\nname = "greet"\nversion = "1.0.0"\nedition = "2021"\n',
                 "greet-1.0.0/src/lib.rs": 'pub fn greet() -> &\'static str { "hello" }\n'})
PACKAGE = tarball({"package/package.json": '{"name":"greet","version":"1.0.0","main":"index.js"}',
                   "package/index.js": 'module.exports = "hello"\n'})
WHEEL = zipped({"greet.py": 'TEXT = "hello"\n',
                "greet-1.0.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greet\nVersion: 1.0.0\n",
                "greet-1.0.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                "greet-1.0.0.dist-info/RECORD": ""})
MODULE = zipped({"greet.test/greet@v1.0.0/go.mod": "module greet.test/greet\n\ngo 1.18\n",
                 "greet.test/greet@v1.0.0/greet.go": 'package greet\n\nfunc Greet() string { return "hello" }\n'})


def integrity():
    return "sha512-" + base64.b64encode(hashlib.sha512(PACKAGE).digest()).decode()


def pages(base):
    row = {"name": "greet", "vers": "1.0.0", "deps": [], "features": {}, "yanked": False,
           "cksum": hashlib.sha256(CRATE).hexdigest()}
    wheel = "greet-1.0.0-py3-none-any.whl"
    return {
        "/cargo/config.json": json.dumps({"dl": base + "/crates"}),
        "/cargo/gr/ee/greet": json.dumps(row) + "\n",
        "/crates/greet/1.0.0/download": CRATE,
        "/npm/greet/-/greet-1.0.0.tgz": PACKAGE,
        "/npm/greet": json.dumps({"name": "greet", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {
            "name": "greet", "version": "1.0.0", "dist": {"tarball": base + "/npm/greet/-/greet-1.0.0.tgz", "integrity": integrity()}}}}),
        "/simple/greet/": f'<a href="{base}/wheels/{wheel}#sha256={hashlib.sha256(WHEEL).hexdigest()}">{wheel}</a>',
        "/wheels/" + wheel: WHEEL,
        "/go/greet.test/greet/@v/list": "v1.0.0\n",
        "/go/greet.test/greet/@v/v1.0.0.info": json.dumps({"Version": "v1.0.0", "Time": "2020-01-01T00:00:00Z"}),
        "/go/greet.test/greet/@v/v1.0.0.mod": "module greet.test/greet\n\ngo 1.18\n",
        "/go/greet.test/greet/@v/v1.0.0.zip": MODULE,
    }


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, kind="application/octet-stream"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def git(self):
        path, _, query = self.path[len("/git"):].partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        env = dict(os.environ, GIT_PROJECT_ROOT=self.server.repositories, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path,
                   QUERY_STRING=query, REQUEST_METHOD=self.command, REMOTE_USER="x", CONTENT_LENGTH=str(len(body)),
                   CONTENT_TYPE=self.headers.get("Content-Type", ""), HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                   GIT_PROTOCOL=self.headers.get("Git-Protocol", ""))
        done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=False)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.reply(int(fields.get("Status", "200").split()[0]), rest, fields.get("Content-Type", "text/plain"))

    def do_GET(self):
        if self.path.startswith("/git/"):
            self.git()
            return
        page = self.server.pages.get(self.path.partition("?")[0])
        kind = "text/html" if self.path.startswith("/simple/") else "application/json"
        if page is None:
            self.reply(404, b"not here\n", "text/plain")
        elif isinstance(page, bytes):
            self.reply(200, page)
        else:
            self.reply(200, page.encode(), kind)

    do_POST = do_GET


def serve(certificate, key, repositories):
    """Listens on 127.0.0.2; returns the server, whose `pages` are to be set."""
    server = http.server.ThreadingHTTPServer(("127.0.0.2", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.repositories = repositories
    server.daemon_threads = True
    server.pages = pages(f"https://registry.test:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
