"""What is injected into a page to learn what its policy is worth: markup that an attacker would write, but harmless.

A probe leaves a mark and does nothing else. What it loads lives on hosts below `postflight.invalid`, which do not
exist: the browser itself is made to answer for them (`policy_visit`). Pure.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from urllib.parse import quote, urlsplit

from postflight.checks.csp import Inline, Policy, allows, allows_eval, allows_inline, requires_trusted_types
from postflight.checks.csp.inline import runs_no_script

BINDING = "postflightProbe"
"""The function through which a probe says that it ran. CDP puts it into the page's world; no policy knows it."""

CANARY = "postflight.invalid"
SINK = "postflight-sink"


class Probe(StrEnum):
    """Something that an attacker would try; the value names it in messages."""

    INLINE_SCRIPT = "inline script"
    EVENT_HANDLER = "event handler"
    JAVASCRIPT_URL = "javascript: URL"
    EVAL = "eval"
    FOREIGN_SCRIPT = "foreign script"
    DATA_SCRIPT = "data: script"
    INSECURE_SCRIPT = "http: script"  # asked for under TLS only: mixed content
    BLOB_WORKER = "blob: worker"
    FOREIGN_FETCH = "foreign fetch"
    FOREIGN_IMAGE = "foreign image"
    FOREIGN_STYLE = "foreign style sheet"
    FOREIGN_FONT = "foreign font"
    FOREIGN_FRAME = "foreign frame"
    PLUGIN = "object"
    BASE = "base element"
    FORM = "form to a foreign host"
    DOM_SINK = "string into innerHTML"

    @property
    def host(self) -> str:
        """The host that stands for the attacker's in this probe."""
        return f"{self.name.lower().replace('_', '-')}.{CANARY}"

    @property
    def url(self) -> str:
        """The address of what it loads."""
        scheme = "http" if self is Probe.INSECURE_SCRIPT else "https"
        return f"{scheme}://{self.host}/probe"


DRIVEN = (
    Probe.EVAL,
    Probe.BLOB_WORKER,
    Probe.FOREIGN_FETCH,
    Probe.FOREIGN_FONT,
    Probe.BASE,
    Probe.FORM,
    Probe.DOM_SINK,
)
"""Probes that need a script of the page's own rights: what an attacker does once a script of theirs runs."""

MARKING = (Probe.FOREIGN_SCRIPT, Probe.INSECURE_SCRIPT)
"""Probes that count once they run. For the others it is enough to be asked for: that is how data leave."""

_LOADS = {
    Probe.FOREIGN_SCRIPT: "script-src",
    Probe.FOREIGN_FETCH: "connect-src",
    Probe.FOREIGN_IMAGE: "img-src",
    Probe.FOREIGN_STYLE: "style-src",
    Probe.FOREIGN_FONT: "font-src",
    Probe.FOREIGN_FRAME: "frame-src",
    Probe.PLUGIN: "object-src",
    Probe.BASE: "base-uri",
    Probe.FORM: "form-action",
}
_NEEDS_SCRIPT = (
    Probe.INLINE_SCRIPT,
    Probe.EVENT_HANDLER,
    Probe.JAVASCRIPT_URL,
    Probe.FOREIGN_SCRIPT,
    Probe.DATA_SCRIPT,
    *DRIVEN,
)


@dataclass(frozen=True, slots=True)
class Page:
    """The page as it was answered: address, policies (of headers and markup) and the nonce that its scripts show."""

    url: str
    policies: tuple[Policy, ...]
    nonce: str = ""

    @property
    def origin(self) -> str:
        """The page's origin."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def sandboxed(self) -> bool:
        """Whether a policy takes the page's origin away, so that the probes that need one say nothing."""
        return any(policy.enforced and policy.get("sandbox") for policy in self.policies)


@dataclass(frozen=True, slots=True)
class Kit:
    """What goes into one page. `driven`: a script of ours can run there, and makes the probes that need one."""

    markup: str
    probes: tuple[Probe, ...]
    driven: bool


def build_kit(page: Page) -> Kit:
    """Return the probes for this page, and the driver in the way that its policies allow, if there is one."""
    secure = page.url.startswith("https:")
    probes = [probe for probe in Probe if probe not in DRIVEN and (secure or probe is not Probe.INSECURE_SCRIPT)]
    markup = [_markup(probe) for probe in probes]
    driven = not page.sandboxed and allows_inline(page.policies, Inline.SCRIPT, DRIVER, nonce=page.nonce)
    if driven:
        probes += DRIVEN
        markup += [_MATERIAL, f'<script nonce="{escape(page.nonce)}">{DRIVER}</script>']
    return Kit("\n".join(markup), tuple(probes), driven)


def predict(page: Page, probe: Probe) -> bool:
    """Say whether the policies, as they are written, let the probe have its way."""
    policies = page.policies
    if probe in _NEEDS_SCRIPT and any(policy.enforced and runs_no_script(policy) for policy in policies):
        return False
    match probe:
        case Probe.INLINE_SCRIPT:
            return allows_inline(policies, Inline.SCRIPT, _mark(probe))
        case Probe.EVENT_HANDLER:
            return allows_inline(policies, Inline.HANDLER, _mark(probe))
        case Probe.JAVASCRIPT_URL:
            return allows_inline(policies, Inline.NAVIGATION, f"parent.{_mark(probe)}")
        case Probe.EVAL:
            return allows_eval(policies)
        case Probe.DATA_SCRIPT:
            return allows(policies, "script-src", _data_script(probe), page.origin)
        case Probe.INSECURE_SCRIPT:
            return False  # mixed content, whatever the policy says
        case Probe.BLOB_WORKER:
            blob = f"blob:{page.origin}/00000000-0000-4000-8000-000000000000"
            return not requires_trusted_types(policies) and allows(policies, "worker-src", blob, page.origin)
        case Probe.DOM_SINK:
            return not requires_trusted_types(policies)
        case _:
            return allows(policies, _LOADS[probe], probe.url, page.origin)


def canary_body(probe: Probe) -> tuple[str, str]:
    """Return content type and body of what a probe loads."""
    match probe:
        case Probe.FOREIGN_SCRIPT | Probe.INSECURE_SCRIPT:
            return "text/javascript", _mark(probe)
        case Probe.FOREIGN_STYLE:
            return "text/css", ""
        case Probe.FOREIGN_IMAGE | Probe.PLUGIN:
            return "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
        case _:
            return "text/html", "<!doctype html><title>Postflight</title>"


def probe_of(url: str) -> Probe | None:
    """Return the probe that asks for this address, if it is one's."""
    parts = urlsplit(url)
    return next(
        (probe for probe in Probe if (parts.scheme, parts.hostname) == (urlsplit(probe.url).scheme, probe.host)), None
    )


def _mark(probe: Probe) -> str:
    return f"{BINDING}('{probe.value}')"


def _data_script(probe: Probe) -> str:
    return f"data:text/javascript,{quote(_mark(probe))}"


def _markup(probe: Probe) -> str:
    match probe:
        case Probe.INLINE_SCRIPT:
            return f"<script>{_mark(probe)}</script>"
        case Probe.EVENT_HANDLER:
            return f'<details open ontoggle="{_mark(probe)}"></details>'
        case Probe.JAVASCRIPT_URL:
            return f'<iframe hidden src="javascript:parent.{_mark(probe)}"></iframe>'
        case Probe.DATA_SCRIPT:
            return f'<script src="{_data_script(probe)}"></script>'
        case Probe.FOREIGN_SCRIPT | Probe.INSECURE_SCRIPT:
            return f'<script src="{probe.url}"></script>'
        case Probe.FOREIGN_STYLE:
            return f'<link rel="stylesheet" href="{probe.url}">'
        case Probe.FOREIGN_IMAGE:
            return f'<img alt="" src="{probe.url}">'
        case Probe.FOREIGN_FRAME:
            return f'<iframe hidden src="{probe.url}"></iframe>'
        case Probe.PLUGIN:
            return f'<object data="{probe.url}" type="image/svg+xml"></object>'
        case _:
            raise ValueError(f"{probe.value} needs a script")


def _names(probes: Iterable[Probe]) -> str:
    return json.dumps({probe.name: probe.value for probe in probes})


# A document of its own for <base>, so that it does not change where the page's own requests go.
_MATERIAL = f"""<iframe hidden id="{SINK}-base" srcdoc="<base href='{Probe.BASE.url}'>"></iframe>
<iframe hidden name="{SINK}"></iframe>
<form hidden id="{SINK}-form" action="{Probe.FORM.url}" method="post" target="{SINK}"></form>"""

DONE = "postflight: probes are done"
"""What the driver writes to the console, at the level of debugging, when it has nothing left to wait for."""

STEP_DEADLINE = 2000
"""Milliseconds for a probe that only the browser can end."""

DRIVER = f"""(async () => {{
  const probes = {_names(DRIVEN)};
  const ran = probe => {BINDING}(probe);
  const step = body => Promise.race([
    new Promise(end => {{ try {{ body(end); }} catch {{ end(); }} }}),
    new Promise(end => setTimeout(end, {STEP_DEADLINE})),
  ]);
  const violated = (directive, end) => document.addEventListener('securitypolicyviolation', event => {{
    if (event.effectiveDirective === directive || event.blockedURI.includes('{Probe.FORM.host}')) end();
  }});
  if (document.readyState !== 'complete') await new Promise(end => addEventListener('load', end));
  await Promise.all([
    step(end => {{ if ((0, eval)('1 + 1') === 2) ran(probes.EVAL); end(); }}),
    step(end => {{ document.createElement('div').innerHTML = '<i></i>'; ran(probes.DOM_SINK); end(); }}),
    step(end => {{
      const inner = document.getElementById('{SINK}-base').contentDocument;
      if (new URL(inner.baseURI).hostname === '{Probe.BASE.host}') ran(probes.BASE);
      end();
    }}),
    step(end => {{ fetch('{Probe.FOREIGN_FETCH.url}', {{mode: 'no-cors'}}).then(end, end); }}),
    step(end => {{ new FontFace('postflight', 'url({Probe.FOREIGN_FONT.url})').load().then(end, end); }}),
    step(end => {{
      const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'], {{type: 'text/javascript'}})));
      worker.onmessage = () => {{ ran(probes.BLOB_WORKER); worker.terminate(); end(); }};
      worker.onerror = end;
    }}),
    step(end => {{
      violated('form-action', end);
      // a frame that is refused loads, too; what refused it is told after that
      document.getElementsByName('{SINK}')[0].onload = () => setTimeout(end);
      document.getElementById('{SINK}-form').submit();
    }}),
  ]);
  console.debug('{DONE}');
}})();"""
