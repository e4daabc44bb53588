"""A server that stalls as planned and keeps a log of what it truly did, on the clock that all processes share.

    python truth_server.py STALL_AT STALL_FOR      prints its port, and its log when its standard input closes

`GET /17/2500` is answered 2,500 us later. While it stalls, its loop stands still, as in a garbage collection. One line
of the log is `17 READ BEFORE AFTER`: when it had the request, and just before and after it wrote the answer (ns).
"""

import asyncio
import sys
import time

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        read = time.monotonic_ns()
        _, number, microseconds = data.split(b" ", 2)[1].split(b"/")
        if wait := int(microseconds):
            asyncio.get_running_loop().call_later(wait / 1e6, self.answer, number, read)
        else:
            self.answer(number, read)

    def answer(self, number: bytes, read: int) -> None:
        before = time.monotonic_ns()
        self.transport.write(ANSWER)
        LOG.append((int(number), read, before, time.monotonic_ns()))


LOG: list[tuple[int, int, int, int]] = []


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    begun = asyncio.Event()
    ended = asyncio.Event()

    def told() -> None:
        line = sys.stdin.readline()
        (begun if line else ended).set()

    loop.add_reader(0, told)
    await begun.wait()
    loop.call_later(float(sys.argv[1]), time.sleep, float(sys.argv[2]))
    await ended.wait()
    sys.stdout.write("".join(f"{' '.join(map(str, line))}\n" for line in LOG))


if __name__ == "__main__":
    uvloop.run(main())
