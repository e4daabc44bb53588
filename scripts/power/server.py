"""The loopback server whose pages and handlers are made worse on purpose: `python -m scripts.power.server`.

Prints its port, serves until its standard input ends, and nothing of it varies but what the path asks for.
"""

import functools
import hashlib
import random
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from scripts.power.plants import API, HANDLER, HERO, SCRIPT, TAIL, WORK, Plant, parse

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Power</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="description" content="A page">
<style>body{{margin:0;font:16px sans-serif}}#hero{{display:block;width:100%;height:40vh}}#late{{height:0}}
p{{margin:1em}}button{{margin:1em;font-size:2em}}</style><script defer src="app.js"></script></head><body>
<img id="hero" src="hero.png" alt="Noise" width="200" height="120"><div id="late"></div><h1>A page</h1>
<p>Nothing here changes.</p><button id="go">Go</button><p id="out">-</p></body></html>"""
APP = """function work(steps){{let x=1;for(let i=0;i<steps;i++)x=(Math.imul(x^i,1103515245)+12345)|0;return x}}
document.getElementById('go').addEventListener('click',()=>{{document.getElementById('out').textContent=work({handler})}});
addEventListener('load',()=>{{if({shift})setTimeout(()=>{{
document.getElementById('late').style.height={shift}/10+'vh'}},100)}});
document.body.dataset.done=work({work});
//"""


@functools.cache
def hero() -> bytes:
    """Return a picture of noise: a picture of few bits per pixel is no LCP candidate."""
    width, height, dice = 200, 120, random.Random(1)
    rows = b"".join(b"\0" + dice.randbytes(width) for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@functools.cache
def script(plant: Plant) -> bytes:
    """Return the page's script, of exactly the size that is planted."""
    code = APP.format(
        work=WORK * (100 + plant.cpu) // 100, handler=HANDLER * (100 + plant.inp) // 100, shift=plant.shift
    ).encode()
    size = SCRIPT * (100 + plant.bytes) // 100
    filler = random.Random(2).choices(b"abcdefghijklmnopqrstuvwxyz0123456789 ", k=size)
    return code + bytes(filler)[: size - len(code)]


def handle(steps: int) -> bytes:
    """Do what an API's handler does, so many times, and answer the same."""
    digest = b""
    for number in range(steps):
        digest = hashlib.sha256(digest + str(number).encode()).digest()
    return b'{"digest":"%s"}' % digest.hex().encode()


class Handler(BaseHTTPRequestHandler):
    """Answers `/<plant>/`, `/<plant>/app.js`, `/<plant>/hero.png` and `/<plant>/api`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    asked = count()

    def do_GET(self) -> None:
        """Answer."""
        segment, _, name = self.path.lstrip("/").partition("/")
        try:
            plant = parse(segment)
        except TypeError:
            return self._send(404, "text/plain", b"no such plant")
        match name:
            case "":
                self._send(200, "text/html; charset=utf-8", PAGE.format().encode())
            case "app.js":
                self._send(200, "text/javascript", script(plant))
            case "hero.png":
                time.sleep(HERO + plant.delay / 1000)
                self._send(200, "image/png", hero())
            case "api":
                slow = plant.tail if next(self.asked) % TAIL == 0 else 0
                self._send(200, "application/json", handle(API * (100 + plant.api + slow) // 100))
            case _:
                self._send(404, "text/plain", b"not here")
        return None

    def _send(self, status: int, kind: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        self.wfile.write(f"{head}Cache-Control: no-store\r\n\r\n".encode() + body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    """Run a server as a process of its own, until the block ends; yield its origin."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts.power.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()  # it ends by itself; and with us, should we be killed
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> None:
    """Serve until standard input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
