"""What a request costs in each load generator, on one core, against the same nginx: `make bench-load`.

All rounds are interleaved and pinned: the server to one core, the client to another. CPU is that of the whole client
process while it sends (getrusage), start-up left out where the client can tell. Tools that are not installed are named.

    python scripts/bench_load.py [--rounds 5] [--seconds 3] [--tls] [--only wrk engine] [--json FILE]
"""

import argparse
import contextlib
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from postflight.flow import Request

CONNECTIONS = 32
BODY = 1024  # bytes
CONFIGURATION = """\
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; root {folder};
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen 127.0.0.1:{port}; }}
  server {{ listen 127.0.0.1:{tls_port} ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; }}
}}
"""
FILE = Request("GET", "web", "/file")  # a flow makes only those anew that differ
Result = dict[str, float]  # requests, seconds, cpu

# -- clients: each runs in a process of its own (`bench_load.py --client NAME URL SECONDS`) and prints a Result


class Meter:
    """What this process uses from its start on."""

    def __init__(self) -> None:
        self._cpu, self._wall = self._now(), time.monotonic()

    @staticmethod
    def _now() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    def read(self, requests: int) -> Result:
        """Return what was used for so many requests."""
        return {"requests": requests, "seconds": time.monotonic() - self._wall, "cpu": self._now() - self._cpu}


def deployment(url: str) -> Any:
    from postflight.model import Deployment

    origin, _, _ = url.rpartition("/")
    return Deployment("bench", "bench", origin, known=True, ca_file=os.environ.get("BENCH_CA"))


def one_get(_number: int) -> Iterator[Any]:
    """A flow of one request, whose status is looked at."""
    answer = yield FILE
    answer.expect(200)


def engine_capacity(url: str) -> float:
    """Return about how many requests a second the engine sends, so that it can be asked for a little more."""
    from postflight.load.engine.engine import Engine

    until = time.monotonic() + 1.0

    def loop(_number: int) -> Iterator[Any]:
        while time.monotonic() < until:
            yield from one_get(0)

    with Engine(deployment(url), "bench", connections=CONNECTIONS) as engine:
        engine.start([0.0] * CONNECTIONS, loop)
        time.sleep(1.2)
        engine.stop(1.0)
        return engine.drain().total().count / 1.0


def schedule(rate: float, seconds: float) -> Any:
    from postflight.load.engine.arrivals import Schedule, Stage

    return Schedule((Stage(seconds, rate, rate),))


def client_engine(url: str, seconds: float, share: float = 1.1) -> Result:
    """The engine, asked for 10 % more than it can: each request is an arrival with a flow of its own."""
    from postflight.load.engine.batch import Batch
    from postflight.load.engine.engine import Engine

    rate = share * engine_capacity(url)
    whole = Batch()
    with Engine(deployment(url), "bench", connections=CONNECTIONS, in_flight=10**6) as engine:
        meter = Meter()
        engine.start(schedule(rate, seconds).offsets(), one_get)
        while not engine.idle:
            time.sleep(0.1)
            whole += engine.drain()
        engine.stop()
        whole += engine.drain()
        return meter.read(whole.total(outcomes=["2xx"]).count)


def client_engine_at_half(url: str, seconds: float) -> Result:
    """The engine at half of what it can: each request wakes it up."""
    return client_engine(url, seconds, 0.5)


def locust_environment(user: Any) -> Any:
    from locust.env import Environment

    environment = Environment(user_classes=[user])
    environment.create_local_runner()
    return environment


def client_arrival_user(url: str, seconds: float) -> Result:
    """The same through Locust: `ArrivalUser`, which feeds Locust's statistics and tells the master."""
    from postflight.load.swarm.users import ArrivalUser  # patches this process, as in any Locust worker

    rate = 1.1 * engine_capacity(url)
    plan = SimpleNamespace(
        run_id="bench", connections=lambda *_: CONNECTIONS, schedule=lambda *_: schedule(rate, seconds)
    )
    ended: list[int] = []

    class Arrivals(ArrivalUser):
        profile = "bench"

        def play(self) -> None:
            self._play(deployment(url), plan, 0, SimpleNamespace(arrive=one_get))
            ended.append(1)
            while True:
                time.sleep(1)

    Arrivals.tasks = [Arrivals.play]  # only this: a list in the class would be added to the inherited one
    environment = locust_environment(Arrivals)
    meter = Meter()
    environment.runner.start(1, spawn_rate=1)
    while not ended:
        time.sleep(0.05)
    result = meter.read(environment.stats.total.num_requests - environment.stats.total.num_failures)
    environment.runner.quit()
    return result


def closed_loop(user: Any, seconds: float) -> Result:
    """Locust's own way: as many users as connections, each as fast as it can."""
    environment = locust_environment(user)
    environment.runner.start(CONNECTIONS, spawn_rate=CONNECTIONS)
    time.sleep(1.5)
    before, meter = environment.stats.total.num_requests, Meter()
    time.sleep(seconds)
    result = meter.read(environment.stats.total.num_requests - before)
    environment.runner.quit()
    return result


def client_http_user(url: str, seconds: float) -> Result:
    from locust import HttpUser, constant, task

    origin, _, path = url.rpartition("/")

    class User(HttpUser):
        host, wait_time = origin, constant(0)

        @task
        def get(self) -> None:
            self.client.get(f"/{path}", verify=os.environ.get("BENCH_CA"))

    return closed_loop(User, seconds)


def client_fast_http_user(url: str, seconds: float) -> Result:
    from locust import FastHttpUser, constant, task

    origin, _, path = url.rpartition("/")

    class User(FastHttpUser):
        host, wait_time = origin, constant(0)

        @task
        def get(self) -> None:
            self.client.get(f"/{path}")

    return closed_loop(User, seconds)


CLIENTS: dict[str, Callable[[str, float], Result]] = {
    "engine": client_engine,
    "engine at half": client_engine_at_half,
    "ArrivalUser": client_arrival_user,
    "FastHttpUser": client_fast_http_user,
    "HttpUser": client_http_user,
}

# -- the bench


def run_client(name: str, url: str, seconds: float, core: int, certificate: str) -> Result | None:
    """Run one of ours in a process of its own."""
    source = str(Path(__file__).parents[1] / "src")
    environment = os.environ | {"BENCH_CA": certificate, "PYTHONPATH": source}
    command = [sys.executable, __file__, "--client", name, "--url", url, "--seconds", str(seconds)]
    done = subprocess.run(  # noqa: PLW1510 - looked at below
        ["taskset", "-c", str(core), *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60 + seconds * 5,
    )
    last = done.stdout.strip().rpartition("\n")[2]
    if done.returncode or not last.startswith("{"):
        print(f"{name}: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return None
    return dict(json.loads(last))


def tool_commands(url: str, seconds: float, folder: Path) -> dict[str, tuple[list[str], str]]:
    """Return the other tools: their command, and a pattern for the number of requests that they say they made."""
    whole = str(max(1, round(seconds)))
    k6 = folder / "k6.js"
    k6.write_text(
        f"import http from 'k6/http'; export const options = {{vus: {CONNECTIONS}, duration: '{whole}s', "
        f"insecureSkipTLSVerify: true}}; export default () => {{ http.get('{url}') }}"
    )
    connections = str(CONNECTIONS)
    return {
        "wrk": (["wrk", "-t1", f"-c{connections}", f"-d{whole}s", url], r"(\d+) requests in"),
        "hey": (["hey", "-z", f"{whole}s", "-c", connections, "-cpus", "1", url], r"\[200\]\s+(\d+) responses"),
        "autocannon": (["autocannon", "-c", connections, "-d", whole, "-j", url], r'"2xx":(\d+)'),
        "k6": (["k6", "run", "--quiet", str(k6)], r"http_reqs\S*:\s+(\d+)"),
    }


def run_tool(command: list[str], pattern: str, core: int) -> Result | None:
    """Run another tool; its CPU is that of its whole process, which for these is next to nothing at the start."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(  # noqa: PLW1510 - looked at below
        ["taskset", "-c", str(core), *command],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"NODE_TLS_REJECT_UNAUTHORIZED": "0"},
    )
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - begun
    found = re.search(pattern, done.stdout)
    if not found:
        return None
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"requests": int(found[1]), "seconds": seconds, "cpu": cpu}


@contextlib.contextmanager
def nginx(core: int) -> Iterator[tuple[str, str, str, Path]]:
    """Serve a file of 1 KB, plain and over TLS. Yields both URLs, the certificate and a folder."""
    import trustme

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "file").write_bytes(b"x" * BODY)
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(folder / "cert.pem", append=True)
        authority.cert_pem.write_to_path(folder / "ca.pem")
        port, tls_port = free_port(), free_port()
        (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, tls_port=tls_port))
        command = ["taskset", "-c", str(core), "nginx", "-p", name, "-c", f"{name}/nginx.conf"]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", tls_port), timeout=1):
                    break
                time.sleep(0.05)
            plain, secure = f"http://127.0.0.1:{port}/file", f"https://127.0.0.1:{tls_port}/file"
            yield plain, secure, str(folder / "ca.pem"), folder
        finally:
            server.terminate()
            server.wait(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def bench(options: argparse.Namespace) -> dict[str, list[Result]]:
    """Run all rounds and return their results by client."""
    server_core, client_core = options.cores
    found: dict[str, list[Result]] = {}
    with nginx(server_core) as (plain, secure, certificate, folder):
        url = secure if options.tls else plain
        tools = tool_commands(url, options.seconds, folder)
        for name in [name for name in tools if shutil.which(name) is None]:
            print(f"{name} is not installed here", file=sys.stderr)
            del tools[name]
        names = [name for name in (*CLIENTS, *tools) if not options.only or name in options.only]
        for number in range(options.rounds):
            for name in names:
                if name in CLIENTS:
                    result = run_client(name, url, options.seconds, client_core, certificate)
                else:
                    result = run_tool(*tools[name], client_core)
                if result and result["requests"]:
                    found.setdefault(name, []).append(result)
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    return found


def show(found: dict[str, list[Result]], *, tls: bool) -> None:
    """Print a table of medians, with the spread from the best to the worst round."""
    costs = {name: sorted(1e6 * one["cpu"] / one["requests"] for one in results) for name, results in found.items()}
    print(f"\n{'TLS' if tls else 'plain'}: nginx, {BODY} bytes, {CONNECTIONS} connections, one core each\n")
    print("| client | CPU us a request: median (best to worst) | requests/s: median | x wrk | FastHttpUser x |")
    print("|---|---|---|---|---|")
    medians = {name: statistics.median(cost) for name, cost in costs.items()}
    for name, cost in sorted(costs.items(), key=lambda item: medians[item[0]]):
        rate = statistics.median(one["requests"] / one["seconds"] for one in found[name])
        to_wrk = f"{medians[name] / medians['wrk']:.1f}" if "wrk" in medians else ""
        to_fast = f"{medians['FastHttpUser'] / medians[name]:.1f}" if "FastHttpUser" in medians else ""
        print(
            f"| {name} | {medians[name]:.1f} ({cost[0]:.1f} to {cost[-1]:.1f}) | {rate:,.0f} | {to_wrk} | {to_fast} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--cores", type=int, nargs=2, default=(0, 1), metavar=("SERVER", "CLIENT"))
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--client", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        print(json.dumps(CLIENTS[options.client](options.url, options.seconds)))
        return
    found = bench(options)
    show(found, tls=options.tls)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
