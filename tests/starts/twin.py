"""The Node.js twin of a function: the same calls of AWS, made with the SDK for JavaScript and bundled by
esbuild into one file, as such functions are deployed."""

import json
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "twin"

CLIENTS = {
    "DynamoDB_20120810": ("@aws-sdk/client-dynamodb", "DynamoDBClient"),
    "secretsmanager": ("@aws-sdk/client-secrets-manager", "SecretsManagerClient"),
}


class Listener:
    """Hands calls of AWS on to the local system, and notes them."""

    def __init__(self, upstream):
        listener = self
        self.calls = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                target, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
                listener.calls.append((target, operation, json.loads(body)))
                kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")}
                request = urllib.request.Request(f"{upstream}{self.path}", data=body, headers=kept, method="POST")
                try:
                    answer = urllib.request.urlopen(request, timeout=20)
                except urllib.error.HTTPError as refused:
                    answer = refused
                content = answer.read()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers.get("Content-Type", "application/x-amz-json-1.0"))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self):
        self._server.shutdown()


class Twins:
    """Makes twins in a folder of their own."""

    def __init__(self, folder: Path):
        self._folder = folder
        shutil.copytree(SOURCES, folder)
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"], cwd=folder, check=True,
        )

    def of(self, name, warm_up, first_request):
        """The command that starts the twin which makes these calls, each (service, operation, input)."""
        imports = {}
        for target, operation, _ in warm_up + first_request:
            module, client = CLIENTS[target]
            imports.setdefault((module, client), set()).add(f"{operation}Command")
        lines = ['import { run } from "./runtime.mjs";']
        for (module, client), commands in imports.items():
            lines.append(f"import {{ {', '.join([client, *sorted(commands)])} }} from {json.dumps(module)};")
        for _, client in imports:
            lines.append(f"const {client.lower()} = new {client}({{}});")
        for phase, calls in (("warmUp", warm_up), ("firstRequest", first_request)):
            made = [
                f"  [{CLIENTS[target][1].lower()}, new {operation}Command({json.dumps(given)})],"
                for target, operation, given in calls
            ]
            lines += [f"const {phase} = () => [", *made, "];"]
        lines.append("await run(warmUp, firstRequest);")
        source = self._folder / f"{name}.mjs"
        source.write_text("\n".join(lines) + "\n")
        bundle = self._folder / "bundles" / f"{name}.mjs"
        # Some of the SDK still asks for modules by `require`.
        banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
        subprocess.run(
            ["node_modules/.bin/esbuild", source.name, "--bundle", "--minify", "--platform=node", "--target=node20",
             "--format=esm", "--main-fields=module,main", f"--banner:js={banner}", f"--outfile={bundle}", "--log-level=warning"],
            cwd=self._folder, check=True,
        )
        return ["node", str(bundle)]
