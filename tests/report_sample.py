"""A report with everything in it: all kinds of pictures and limits, earlier runs, requirements that nobody verified."""

import math
from dataclasses import replace

from postflight.exhibits import (
    Cell,
    Exhibit,
    Frame,
    Line,
    Mark,
    Request,
    Row,
    make_chart,
    make_filmstrip,
    make_matrix,
    make_waterfall,
)
from postflight.model import Decision, Finding, Measurement, OnBreach, Status, Unit
from postflight.report import document
from postflight.report.background import Background, Past
from postflight.report.document import About, Document
from postflight.verdict import decide

STARTED, FINISHED = "2026-01-31T03:09:12+00:00", "2026-01-31T03:14:40+00:00"
FRAMES = tuple(f"performance/filmstrip/{number}.png" for number in range(6))


def about(text: str = "velocity") -> About:
    return About(
        "gate-1",
        text,
        "production",
        "https://velocity.example.com",
        True,
        STARTED,
        FINISHED,
        "0.1.0",
        "postflight gate --environment production --release 2026.01.31-3",
        "chromium-headless-shell 150.0",
        "2026.01.31-3",
    )


def waterfall(count: int = 34, title: str = "Landing page, phone, cold cache") -> Exhibit:
    kinds = ("script", "style", "image", "font", "fetch", "image", "script", "wasm")
    requests = [Request("https://velocity.example.com/", "document", 0.0, 0.42, 0.31, 18_400)]
    for number in range(1, count):
        start = 0.3 + 0.045 * number + (0.2 if number % 7 == 0 else 0)
        end = start + 0.12 + 0.05 * (number * 7 % 5)
        note = "blocks rendering" if number in {1, 2} else "not compressed" if number == 9 else ""
        name = f"https://velocity.example.com/_next/static/chunks/{number:04x}-{'editor' * (number % 4)}.js"
        first = None if number == 5 else start + (end - start) * 0.6
        requests.append(Request(name, kinds[number % len(kinds)], start, end, first, 2_000 * number, note))
    marks = (Mark("FCP", 0.71), Mark("LCP", 1.84), Mark("load", 2.31))
    return make_waterfall(title, requests, marks)


def filmstrip() -> Exhibit:
    frames = [Frame(path, 0.5 * number) for number, path in enumerate(FRAMES)]
    return make_filmstrip("How the landing page came to be", frames, (Mark("FCP", 0.71), Mark("LCP", 1.84)))


def load_chart() -> Exhibit:
    def wave(base: float, spike: float) -> tuple[tuple[float, float | None], ...]:
        return tuple(
            (float(s), None if 40 <= s < 43 else base * (1 + 0.15 * math.sin(s / 3)) + (spike if 70 < s < 84 else 0.0))
            for s in range(120)
        )

    lines = [Line("p50", wave(0.12, 0.1)), Line("p95", wave(0.31, 0.9)), Line("p99", wave(0.45, 1.9))]
    return make_chart("landing: latency under load", lines, unit="s", limit=2.0, limit_name="p95 at most 2 s")


def rate_chart() -> Exhibit:
    answers = tuple((float(s), 48.0 + 4 * math.sin(s / 5)) for s in range(120))
    failed = tuple((float(s), 6.0 if 70 < s < 84 else 0.0) for s in range(120))
    lines = [Line("answers", answers), Line("failed", failed, trouble=True)]
    return make_chart("landing: requests", lines, unit="1/s")


def quantiles_chart() -> Exhibit:
    points = tuple((float(n), 0.2 + 0.012 * n) for n in range(20))
    band = tuple((y - 0.05, y + 0.07) for _, y in points)
    return make_chart("api: p95 by release", [Line("p95", points, band)], unit="s", x_label="release", x_unit="")


def matrix() -> Exhibit:
    columns = ("script-src", "style-src", "object-src", "base-uri", "form-action", "frame-ancestors", "report-to")
    states: tuple[tuple[Cell, str], ...] = (
        ("ok", ""),
        ("weak", "'unsafe-inline'"),
        ("ok", ""),
        ("none", "missing"),
        ("ok", ""),
        ("bad", "any host"),
        ("ok", ""),
    )
    pages = ("/", "/login", "/projects", "/projects/1/editor", "/api/health", "/cn")
    rows = [Row(page, states[n:] + states[:n]) for n, page in enumerate(pages)]
    return make_matrix("Content Security Policy: pages by directives", columns, rows)


def measured(
    metric: str, *values: float, limit: float | None = None, met: bool | None = None, **more: object
) -> Measurement:
    unit = more.pop("unit", Unit.SECONDS)
    words = "" if limit is None else f"at most {limit:g} {unit}"
    return replace(Measurement(metric, values, unit, limit=words, bound=limit, met=met), **more)


def findings() -> tuple[Finding, ...]:
    lcp = measured(
        "landing.mobile.lcp",
        2.61,
        2.7,
        2.66,
        2.58,
        2.9,
        2.64,
        limit=2.5,
        met=False,
        interval=(2.58, 2.9),
        where="https://velocity.example.com/ (phone)",
    )
    open_one = measured(
        "editor.mobile.lcp", 2.2, 2.7, 2.4, 2.6, 2.3, limit=2.5, interval=(2.2, 2.7), where="/editor (phone)"
    )
    kept = measured("landing.desktop.lcp", 0.9, 0.95, 0.93, 0.91, limit=2.5, met=True, interval=(0.9, 0.95))
    size = measured("landing.js.bytes", 412_000, limit=450_000, met=True, unit=Unit.BYTES)
    rate = replace(measured("landing.rate", 0.993, limit=0.95, met=True, unit=Unit.RATIO), limit="at least 95 %")
    return (
        Finding(
            "performance/vitals/test_vitals.py::test_lcp[landing-mobile]",
            "performance",
            Status.BAD,
            OnBreach.ROLLBACK,
            title="The largest content is there in time: landing, phone",
            summary="landing.mobile.lcp was 2.65 s (2.58 s to 2.9 s), allowed is at most 2.5 s (budgets.yaml:63): "
            "the hero image waits 1.1 s behind two scripts that block rendering",
            expected="at most 2.5 s",
            seen="2.65 s (2.58 s to 2.9 s), 6 visits",
            where="https://velocity.example.com/",
            covers=("VEL-P1", "P13-P1"),
            measurements=(lcp,),
            rerun="pytest performance/vitals/test_vitals.py -k landing",
            evidence=(
                "performance/evidence/lcp/screenshot.png",
                "performance/evidence/lcp/trace.zip",
                "performance/evidence/lcp/console.log",
            ),
            details="element: <img class=hero src=/hero.avif>\nTTFB 310 ms, load delay 1.1 s, load 0.9 s, render 0.3 s",
            seconds=9.4,
            exhibits=(filmstrip(), waterfall()),
        ),
        Finding(
            "performance/vitals/test_vitals.py::test_lcp[editor-mobile]",
            "performance",
            Status.UNKNOWN,
            OnBreach.HOLD,
            title="The largest content is there in time: editor, phone",
            summary="editor.mobile.lcp is 2.4 s (2.2 s to 2.7 s): no claim about at most 2.5 s",
            covers=("VEL-P1",),
            measurements=(open_one,),
            seconds=12.1,
        ),
        Finding(
            "smoke/test_preview.py::test_edit",
            "smoke",
            Status.FLAKY,
            OnBreach.HOLD,
            title="An edit reaches the running preview",
            summary="was bad, then good when measured again",
            covers=("VEL-S7",),
            seconds=6.2,
            measurements=(measured("edit.sync", 2.4, 0.6, limit=2.0, met=False),),
        ),
        Finding(
            "security/test_headers.py::test_policy",
            "security",
            Status.BAD,
            OnBreach.WARN,
            title="Content-Security-Policy protects every page as its tier demands",
            summary="Content-Security-Policy: inline styles run. Use nonces.",
            covers=("VEL-X1", "P13-X1"),
            seconds=0.8,
            exhibits=(matrix(),),
        ),
        Finding(
            "load/test_load.py::test_landing",
            "load",
            Status.GOOD,
            title="The landing page with its assets, as first visitors load it",
            covers=("P13-L1", "VEL-M1"),
            measurements=(rate, measured("landing.latency.p95", 0.41, limit=2.0, met=True)),
            seconds=121.0,
            exhibits=(load_chart(), rate_chart(), quantiles_chart()),
        ),
        Finding(
            "performance/test_weight.py::test_bytes",
            "performance",
            Status.GOOD,
            title="Pages are as light as promised",
            covers=("VEL-P2",),
            measurements=(kept, size, measured("landing.requests", 34, unit=Unit.COUNT)),
            seconds=3.3,
            exhibits=(waterfall(160, "Editor, desktop, warm cache"),),
        ),
        Finding(
            "smoke/test_pool.py::test_limit",
            "smoke",
            Status.EXCLUDED,
            title="The pool's limit is honoured",
            summary="deployments.yaml does not allow this here (may_exhaust)",
            covers=("VEL-S9",),
        ),
        *(
            Finding(
                f"smoke/test_{n}.py::test_it",
                "smoke",
                Status.GOOD,
                title=f"Flow number {n} works",
                covers=(f"VEL-S{n}",),
                seconds=n / 3,
            )
            for n in range(1, 7)
        ),
    )


def background() -> Background:
    decisions = [Decision.PROMOTE] * 12 + [
        Decision.HOLD,
        Decision.PROMOTE,
        Decision.ROLLBACK,
        *[Decision.PROMOTE] * 3,
        Decision.INVALID,
    ]
    past = tuple(
        Past(
            decision,
            f"2026-01-{n + 8:02d}T03:00:00+00:00",
            f"2026.01.{n + 8}-1",
            {
                ("landing.mobile.lcp", Unit.SECONDS): 2.1 + 0.02 * n + 0.05 * (n % 3),
                ("landing.desktop.lcp", Unit.SECONDS): 0.93 + 0.01 * (n % 4),
                ("landing.js.bytes", Unit.BYTES): 395_000.0 + 1000 * n,
                ("edit.sync", Unit.SECONDS): 0.6,
                ("landing.latency.p95", Unit.SECONDS): 0.35 + 0.02 * (n % 5),
            },
        )
        for n, decision in enumerate(decisions)
    )
    texts = {f"VEL-S{n}": f"flow number {n} works, as the plan's section 12.{n} says" for n in range(1, 11)}
    texts |= {
        "VEL-P1": "the largest content is there within 2.5 s",
        "VEL-P2": "pages are light",
        "VEL-X1": "headers are as configured",
        "VEL-M1": "errors and latency under load",
        "VEL-H4": "every region is healthy and serves the same version",
        "P13-X1": "no inline code",
        "P13-P1": "the API answers within 500 ms",
        "P13-L1": "load is borne",
        "P13-L2": "no regressions",
        "VIB-O1": "alerts fire",
    }
    return Background(texts, past)


def sample(text: str = "velocity") -> Document:
    found = findings()
    return document.make_document(about(text), decide(found, planned=[f.check for f in found], may_roll_back=True))
