"""The static matcher against Chromium itself: no disagreement is left unexplained.

Every decision is made twice: by `postflight.checks.csp`, and by a real Chromium under real header lines. Report-only
policies make it affordable: Chromium checks each request against each of them and says by an event which ones it would
have broken, so that one page decides policies x URLs. The probes further down run under *enforced* policies.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from random import Random
from urllib.parse import quote

import pytest

from postflight.checks.csp import Delivery, Disposition, Request, allows, parse_policies, parse_policy, rule
from tests.e2e import csp_probes
from tests.e2e.csp_corpus import SELVES, near, source_list, url
from tests.e2e.csp_lab import Lab, laboratory

SEED = 20_260_301
POLICIES_PER_PAGE = 24
URLS_PER_PAGE = 24

# How a page asks for each directive's kind of thing. Each answers when the browser is done with it, one way or another.
ASK = """
async requests => {
  const done = element => new Promise(end => { element.onload = element.onerror = end; });
  const put = (name, attributes) => {
    const element = document.createElement(name);
    const ended = done(element);
    Object.assign(element, attributes);
    document.documentElement.append(element);
    return ended;
  };
  const ask = {
    'connect-src': url => /^ws/.test(url)
      ? new Promise(end => { new WebSocket(url).onclose = end; })
      : fetch(url, {mode: 'no-cors'}),
    'img-src': url => { const image = new Image(); const ended = done(image); image.src = url; return ended; },
    'script-src': url => put('script', {src: url}),
    'style-src': url => put('link', {rel: 'stylesheet', href: url}),
    'font-src': url => new FontFace('f', `url("${url}")`).load(),
    'media-src': url => new Promise(end => {
      const audio = new Audio(); audio.onerror = audio.onloadeddata = end; audio.preload = 'auto'; audio.src = url;
    }),
    'object-src': url => put('object', {data: url, type: 'image/png'}),
    'frame-src': url => put('iframe', {src: url}),
    'form-action': async url => {
      const name = `sink${Math.random()}`;
      await put('iframe', {name});
      const form = Object.assign(document.createElement('form'), {action: url, method: 'post', target: name});
      document.documentElement.append(form);
      const ended = new Promise(end => { document.querySelector(`[name="${name}"]`).onload = end; });
      form.submit();
      return ended;
    },
  };
  const blocked = [];
  const alone = ['frame-src', 'object-src', 'form-action'];  // violations that name the origin only: one at a time
  const [single, together] = [true, false].map(one => requests.filter(([, name]) => alone.includes(name) === one));
  const collect = async (wanted, key) => {
    await Promise.allSettled(wanted.map(async ([, directive, url]) => ask[directive](url)));
    await new Promise(end => setTimeout(end, 0));
    for (const {policy, directive, blocked: uri} of window.violations.splice(0)) {
      // a plug-in's document is checked against frame-src too: not what was asked
      if (directive.startsWith(wanted[0][1]) || key === undefined) blocked.push([policy, key ?? uri.split('?k=')[1]]);
    }
  };
  await collect(together);
  for (const request of single) await collect([request], request[0]);
  return blocked;
}
"""


@dataclass(frozen=True)
class Batch:
    """Report-only policies by their tag, and the requests that are held against each."""

    self_origin: str
    policies: tuple[str, ...]
    requests: tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with laboratory() as running:
        yield running


def batches(directives: tuple[str, ...], seed: int, count: int) -> Iterator[Batch]:
    random = Random(seed)
    for number in range(count):
        self_origin = SELVES[number % len(SELVES)]
        policies = []
        for tag in range(POLICIES_PER_PAGE):
            name = random.choice(directives)
            fallback = f"default-src {source_list(random, 2)}; " if random.random() < 0.3 else ""
            policies.append(f"{fallback}{name} {source_list(random)}; report-to p{tag}p")
        requests = []
        for key in range(URLS_PER_PAGE):
            directive = directives[key % len(directives)]
            schemes = _schemes(directive, self_origin)
            drawn = (
                url(random, key, schemes)
                if key % 3 == 0
                else near(random, random.choice(policies), self_origin, key, schemes)
            )
            requests.append((directive, drawn))
        yield Batch(self_origin, tuple(policies), tuple(requests))


def _schemes(directive: str, self_origin: str) -> tuple[str, ...]:
    if directive == "connect-src":
        return ("http", "https", "ws", "wss")
    if directive in ("frame-src", "object-src", "form-action") and self_origin.startswith("https:"):
        return ("https",)  # a frame that is blocked as mixed content never says that it has ended
    return ("http", "https")


def blocked_by_chromium(lab: Lab, batch: Batch) -> set[tuple[int, int]]:
    """Return (policy, request) for everything that Chromium says it would have blocked."""
    lab.open(batch.self_origin, [("Content-Security-Policy-Report-Only", policy) for policy in batch.policies])
    events = lab.page.evaluate(ASK, [[key, *request] for key, request in enumerate(batch.requests)])
    return {(int(policy.rsplit(" p", 1)[1].rstrip("p")), int(key)) for policy, key in events}


def blocked_by_us(batch: Batch) -> set[tuple[int, int]]:
    policies = [parse_policy(text, Disposition.REPORT) for text in batch.policies]
    return {
        (number, key)
        for key, (directive, address) in enumerate(batch.requests)
        for number, ruling in enumerate(
            rule(policies, Request(directive, address, batch.self_origin, parser_inserted=False))
        )
        if not ruling.allowed
    }


def explain(batch: Batch, differences: set[tuple[int, int]], ours: set[tuple[int, int]]) -> str:
    return "\n".join(
        f"{batch.self_origin}: {batch.requests[key][0]} {batch.requests[key][1]} under {batch.policies[number]!r}: "
        + ("we block, Chromium allows" if (number, key) in ours else "Chromium blocks, we allow")
        for number, key in sorted(differences)[:40]
    )


@pytest.mark.parametrize(
    ("directives", "seed", "count"),
    [
        (("connect-src",), SEED, 8),
        (("img-src", "script-src", "style-src", "font-src"), SEED + 1, 6),
        (("media-src", "object-src"), SEED + 2, 2),
        (("frame-src", "form-action"), SEED + 3, 8),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_the_matcher_decides_as_chromium_does(lab: Lab, directives: tuple[str, ...], seed: int, count: int) -> None:
    decisions = blocked = 0
    disagreements = []
    for batch in batches(directives, seed, count):
        theirs, ours = blocked_by_chromium(lab, batch), blocked_by_us(batch)
        decisions += len(batch.policies) * len(batch.requests)
        blocked += len(theirs)
        if theirs != ours:
            disagreements.append(explain(batch, theirs ^ ours, ours))
    assert not disagreements, f"of {decisions} decisions:\n" + "\n".join(disagreements)
    assert 0.1 < blocked / decisions < 0.95, "a corpus in which nearly all is allowed or blocked proves little"


CORNER_SOURCES = """
'self' a.test a.test:80 a.test:443 a.test:8080 http://a.test http://a.test:80 http://a.test:443 http://a.test:8080
https://a.test https://a.test:80 https://a.test:443 ws://a.test wss://a.test ws: wss: http: https: *:443 *:8080
a.test:* a.test/%FF a.test/%FE a.test/\u00ff a.test/x%2Fy.js a.test/x/ a.test/x?q a.test/x#f a.test. 10.1.2.3 [::1]
*.test app.test
""".split()  # noqa: SIM905 - reads better


@pytest.mark.parametrize("directive", ["connect-src", "frame-src", "form-action"])
@pytest.mark.parametrize("self_origin", ["http://app.test", "http://app.test:8080", "https://app.test"])
def test_every_corner_of_ports_schemes_and_paths(lab: Lab, directive: str, self_origin: str) -> None:
    schemes = _schemes(directive, self_origin)
    addresses = [
        f"{scheme}://{host}{port}/"
        for scheme, host, port in itertools.product(schemes, ("a.test", "app.test"), ("", ":80", ":443", ":8080"))
        if scheme.startswith("http") or not port  # Chromium opens one socket to a host after the other
    ]
    addresses += [f"{schemes[-1]}://a.test{path}" for path in ("/%FF", "/%FE", "/x", "/x/y.js", "/x%2Fy.js")]
    batch = Batch(
        self_origin,
        tuple(f"{directive} {source}; report-to p{tag}p" for tag, source in enumerate(CORNER_SOURCES)),
        tuple((directive, f"{address}?k={key}") for key, address in enumerate(addresses)),
    )
    theirs, ours = blocked_by_chromium(lab, batch), blocked_by_us(batch)
    assert theirs == ours, explain(batch, theirs ^ ours, ours)


def test_redirects_free_the_path_and_nothing_else(lab: Lab) -> None:
    disagreements = []
    for batch in batches(("connect-src",), SEED + 4, 3):
        origin = "http://app.test"
        to = [address for _, address in batch.requests if address.startswith("http")]
        own = [
            f"default-src http://app.test/redirect/ {text.replace('connect-src', 'http://never.test', 1)}"
            for text in batch.policies
        ]
        requests = [
            ("connect-src", f"{origin}/redirect/{quote(address, safe='')}?k={key}") for key, address in enumerate(to)
        ]
        theirs = blocked_by_chromium(lab, Batch(origin, tuple(own), tuple(requests)))
        policies = [parse_policy(text, Disposition.REPORT) for text in own]
        ours = {
            (number, key)
            for key, address in enumerate(to)
            for number, ruling in enumerate(rule(policies, Request("connect-src", address, origin, redirected=True)))
            if not ruling.allowed
        }
        if theirs != ours:
            disagreements.append(explain(Batch(origin, tuple(own), tuple(requests)), theirs ^ ours, ours))
    assert not disagreements, "\n".join(disagreements)


PROBED_POLICIES = 304
FRAMES_PER_PAGE = 16
FRAMES = """
async paths => Promise.all(paths.map(path => new Promise(end => {
  const frame = document.createElement('iframe');
  frame.src = path;
  frame.onload = () => { if (frame.contentWindow.collect) end(frame.contentWindow.collect()); };
  document.body.append(frame);
})))
"""


def test_probes_run_exactly_where_the_library_says(lab: Lab) -> None:
    random = Random(SEED + 5)
    policies = [csp_probes.policy(random) for _ in range(PROBED_POLICIES)]
    lab.page.add_init_script(csp_probes.COLLECT)
    disagreements, outcomes = [], Counter[tuple[str, bool]]()
    for start in range(0, len(policies), FRAMES_PER_PAGE):
        some = policies[start : start + FRAMES_PER_PAGE]
        lab.open(csp_probes.SELF, body="<!doctype html><body>")
        paths = [lab.serve([("Content-Security-Policy", text)], csp_probes.PAGE) for text in some]
        for text, marks in zip(some, lab.page.evaluate(FRAMES, paths), strict=True):
            ran, predicted = set(marks), csp_probes.expected(parse_policies(text))
            outcomes.update((mark, mark in ran) for mark in csp_probes.expected(()))
            disagreements += [f"{mark}: Chromium runs it, we say no: {text}" for mark in sorted(ran - predicted)]
            disagreements += [f"{mark}: we say it runs, Chromium says no: {text}" for mark in sorted(predicted - ran)]
    assert not disagreements, "\n".join(disagreements[:60])
    for mark in csp_probes.expected(()):
        assert min(outcomes[mark, True], outcomes[mark, False]) >= 10, (
            f"{mark} was hardly ever allowed, or hardly ever blocked"
        )


FRAGMENTS = (
    *"connect-src CONNECT-SRC default-src connect_src connect-src: img-src 1a-b 'self' 'none'".split(),  # noqa: SIM905 - reads better
    *"http://a.test a.test * ; ; ; ; , , ,, ;connect-src ;default-src ;connect-src 'self'; *,".split(),  # noqa: SIM905 - reads better
    *("=", "nonce-x", "<script>", "%00", "/", "\\", '"', "connect-src\t", "\xe9", "\xa0", "a.test\xa0", "\x7f"),
    *("\x01", "\x0b", "\x0c", "\t", "; ;", "; connect-src"),
)


@pytest.mark.parametrize("delivery", list(Delivery))
def test_hostile_text_is_read_as_chromium_reads_it(lab: Lab, delivery: Delivery) -> None:
    random = Random(SEED + 6)
    disagreements, blocked = [], 0
    urls = ["http://app.test/", "http://a.test/", "http://b.test/"]
    for _ in range(90):
        text = "".join(random.choice(FRAGMENTS) + random.choice(("", " ")) for _ in range(random.randint(2, 9)))
        if delivery is Delivery.META:
            # a comma means nothing special in <meta>'s own rules; Chromium splits there as in a header, and so do we
            lab.open(
                "http://app.test",
                body=f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{escape(text)}">',
            )
        else:
            text = text.replace("\x01", "")
            lab.open("http://app.test", [("Content-Security-Policy", text)])
        theirs = lab.page.evaluate(
            "urls => Promise.all(urls.map(url => fetch(url, {mode: 'no-cors'}).then(() => true, () => false)))", urls
        )
        policies = parse_policies(text, delivery=delivery)
        ours = [allows(policies, "connect-src", address, "http://app.test") for address in urls]
        blocked += theirs.count(False)
        if theirs != ours:
            disagreements.append(f"{text!r}: Chromium {theirs}, we {ours}")
    assert not disagreements, "\n".join(disagreements[:40])
    assert 30 < blocked < 240


FRAMED = """
async paths => {
  const framed = new Set();
  addEventListener('message', event => framed.add(event.data));
  await Promise.all(paths.map(path => new Promise(end => {
    const frame = document.createElement('iframe');
    frame.src = path;
    frame.onload = end;
    document.body.append(frame);
  })));
  await new Promise(end => setTimeout(end, 0));
  return paths.map((_, number) => framed.has(number));
}
"""


def test_ancestors_are_decided_as_chromium_decides_them(lab: Lab) -> None:
    random = Random(SEED + 7)
    disagreements, framings = [], Counter[bool]()
    for parent in SELVES:
        own = random.choice([other for other in SELVES if other.startswith("https:") or parent.startswith("http:")])
        also = ("", parent, parent.partition("//")[2], "'self'")
        texts = [f"frame-ancestors {source_list(random)} {random.choice(also)}" for _ in range(20)]
        bodies = [f"<!doctype html><script>parent.postMessage({number}, '*')</script>" for number in range(20)]
        paths = [
            own + lab.serve([("Content-Security-Policy", text)], body) for text, body in zip(texts, bodies, strict=True)
        ]
        lab.open(parent, body="<!doctype html><body>")
        for text, theirs in zip(texts, lab.page.evaluate(FRAMED, paths), strict=True):
            framings[theirs] += 1
            if theirs != allows(parse_policies(text), "frame-ancestors", f"{parent}/", own):
                disagreements.append(
                    f"{own} in {parent} under {text!r}: Chromium {'frames' if theirs else 'refuses'} it"
                )
    assert not disagreements, "\n".join(disagreements)
    assert min(framings.values()) > 20, framings
