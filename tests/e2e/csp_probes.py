"""Probes in a page's markup: what an attacker would inject, and how to tell whether the browser let it.

Each probe leaves a mark when it ran, or the browser says by a violation that it did not; `COLLECT` waits for either.
"""

import base64
import hashlib
from random import Random

from postflight.checks.csp import (
    Inline,
    Policy,
    allows,
    allows_eval,
    allows_inline,
    allows_wasm,
    requires_trusted_types,
)
from tests.e2e.csp_corpus import sha256
from tests.e2e.csp_lab import CONTENT

SELF = "http://app.test"
NONCE = "R4nd0mR4nd0m"
TEXTS = {
    "inline": "seen('inline')",
    "inline nonce": "seen('inline nonce')",
    "inline hash": "seen('inline hash')",
    "handler": "seen('handler')",
    "javascript": "void seen('javascript')",
    "style": "#style { z-index: 7 }",
    "style nonce": "#style-nonce { z-index: 7 }",
    "style attribute": "z-index: 7",
}
_SCRIPT_DIGEST = base64.b64encode(hashlib.sha256(CONTENT[".js"][1]).digest()).decode()
INTEGRITY = f"sha256-{_SCRIPT_DIGEST}"

PAGE = f"""<!doctype html><html><head><base href="http://base.test/">
<script>{TEXTS["inline"]}</script>
<script nonce="{NONCE}">{TEXTS["inline nonce"]}</script>
<script>{TEXTS["inline hash"]}</script>
<script src="data:text/javascript,seen('data')"></script>
<script src="http://foreign.test/x.js?k=foreign"></script>
<script src="{SELF}/x.js?k=own"></script>
<script src="http://foreign.test/x.js?k=foreign+nonce" nonce="{NONCE}"></script>
<script src="http://foreign.test/x.js?k=integrity" integrity="{INTEGRITY}" crossorigin></script>
<style>{TEXTS["style"]}</style>
<style nonce="{NONCE}">{TEXTS["style nonce"]}</style>
<link rel="stylesheet" href="http://foreign.test/x.css">
</head><body>
<i id="style"></i><i id="style-nonce"></i><i id="styled-by-link"></i>
<i id="style-attribute" style="{TEXTS["style attribute"]}"></i>
<b id="handler" onclick="{TEXTS["handler"]}"></b>
<a id="javascript" href="javascript:{TEXTS["javascript"]}"></a>
<img src="http://foreign.test/x.svg?k=image">
<iframe src="http://frame.test/x.html?k=frame"></iframe>
<object data="http://object.test/x.png?k=object" type="image/png"></object>
<iframe name="sink"></iframe>
<form action="http://form.test/x.html?k=form" method="post" target="sink"></form>
</body></html>"""

COLLECT = """
window.collect = async () => {
  if (document.readyState !== 'complete') await new Promise(end => addEventListener('load', end));
  const next = () => new Promise(end => { window.happened = end; });
  const isolated = task => new Promise(end => setTimeout(() => { try { task(); } catch (error) {} end(); }));
  const element = id => document.getElementById(id);

  element('handler').click();
  let answer = next();
  element('javascript').click();
  await answer;

  const frame = document.querySelector('iframe[name=sink]');
  // another policy's late violation must not be taken for the form's, so this one is waited for by its name
  let over = false;
  const forbidden = new Promise(end => {
    const look = () => {
      if (over || window.violations.some(found => found.directive === 'form-action')) end();
      else setTimeout(look);
    };
    look();
  });
  answer = Promise.race([forbidden, new Promise(end => { frame.onload = end; })]);
  document.querySelector('form').submit();
  await answer;
  over = true;

  await isolated(() => Function("seen('eval')")());
  await isolated(() => { new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); seen('wasm'); });
  await isolated(() => {
    const script = document.createElement('script');
    script.textContent = "seen('dom inline')";
    document.body.append(script);
  });
  await new Promise(end => {
    const script = document.createElement('script');
    script.onload = script.onerror = end;
    try { script.src = 'http://foreign.test/x.js?k=dom'; document.body.append(script); } catch (error) { end(); }
  });
  await new Promise(end => {
    try {
      const worker = new Worker('http://app.test/x.worker');
      worker.onmessage = () => { seen('worker'); end(); };
      worker.onerror = end;
    } catch (error) { end(); }
  });
  await fetch('http://foreign.test/x?k=fetch', {mode: 'no-cors'}).catch(() => {});
  await new Promise(end => setTimeout(end));

  const styled = id => getComputedStyle(element(id)).zIndex === '7';
  if (styled('style')) seen('style');
  if (styled('style-nonce')) seen('style nonce');
  if (styled('styled-by-link')) seen('style link');
  if (styled('style-attribute')) seen('style attribute');
  if (new URL(document.baseURI).hostname === 'base.test') seen('base');
  const broken = new Set(window.violations.map(violation => violation.directive));
  const asked = {image: 'img-src', object: 'object-src', form: 'form-action', fetch: 'connect-src'};
  for (const [mark, directive] of Object.entries(asked)) if (!broken.has(directive)) seen(mark);
  // the form's sink breaks frame-src too; only this one is the frame's
  if (!window.violations.some(violation => violation.blocked.includes('//frame.test'))) seen('frame');
  return [...window.marks];
};
"""


def expected(policies: tuple[Policy, ...]) -> set[str]:
    """Return the marks that the library predicts."""

    def inline(kind: Inline, text: str, nonce: str | None = None, *, parser_inserted: bool = True) -> bool:
        return allows_inline(policies, kind, text, nonce=nonce, parser_inserted=parser_inserted)

    def script(address: str, **more: object) -> bool:
        return allows(policies, "script-src", address, SELF, **more)  # type: ignore[arg-type]

    foreign = "http://foreign.test/x.js"
    no_sinks = not requires_trusted_types(policies)
    verdicts = {
        "inline": inline(Inline.SCRIPT, TEXTS["inline"]),
        "inline nonce": inline(Inline.SCRIPT, TEXTS["inline nonce"], NONCE),
        "inline hash": inline(Inline.SCRIPT, TEXTS["inline hash"]),
        "handler": inline(Inline.HANDLER, TEXTS["handler"]),
        "javascript": inline(Inline.NAVIGATION, TEXTS["javascript"]),
        "data": script("data:text/javascript,x"),
        "foreign": script(foreign),
        "own": script(f"{SELF}/x.js"),
        "foreign nonce": script(foreign, nonce=NONCE),
        "integrity": script(foreign, hashes=[INTEGRITY]),
        "dom": no_sinks and script(foreign, parser_inserted=False),
        "dom inline": no_sinks and inline(Inline.SCRIPT, "seen('dom inline')", parser_inserted=False),
        "worker": no_sinks and allows(policies, "worker-src", f"{SELF}/x.worker", SELF),
        "eval": allows_eval(policies),
        "wasm": allows_wasm(policies),
        "style": inline(Inline.STYLE, TEXTS["style"]),
        "style nonce": inline(Inline.STYLE, TEXTS["style nonce"], NONCE),
        "style attribute": inline(Inline.STYLE_ATTRIBUTE, TEXTS["style attribute"]),
        "style link": allows(policies, "style-src", "http://foreign.test/x.css", SELF),
        "image": allows(policies, "img-src", "http://foreign.test/x.svg", SELF),
        "fetch": allows(policies, "connect-src", "http://foreign.test/x", SELF),
        "frame": allows(policies, "frame-src", "http://frame.test/x.html", SELF),
        "object": allows(policies, "object-src", "http://object.test/x.png", SELF),
        "base": allows(policies, "base-uri", "http://base.test/", SELF),
        "form": allows(policies, "form-action", "http://form.test/x.html", SELF),
    }
    return {mark for mark, allowed in verdicts.items() if allowed}


_COMMON = "'self' 'none' * http: https: data: http://foreign.test foreign.test/x.js *.test 'report-sample'".split()  # noqa: SIM905 - reads better
_HASHED = ("inline hash", "handler", "javascript", "style", "style attribute")
_SCRIPT = [
    *"'unsafe-inline' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' 'strict-dynamic'".split(),  # noqa: SIM905 - reads better
    *"'unsafe-hashes' 'unsafe-hashes' 'nonce-other123' 'nonce-%NONCE%'".split(),  # noqa: SIM905 - reads better
    f"'nonce-{NONCE}'",
    f"'NONCE-{NONCE}'",
    f"'{INTEGRITY}'",
    *(sha256(TEXTS[name]) for name in _HASHED),
    sha256(f"javascript:{TEXTS['javascript']}"),
    sha256(TEXTS["inline hash"]).replace("sha256", "SHA-256"),
    sha256(TEXTS["inline hash"]).replace("+", "-").replace("/", "_").replace("=", ""),
]
_SCRIPTED = (
    "default-src",
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "style-src",
    "style-src-elem",
    "style-src-attr",
)
_OTHERS = ("img-src", "connect-src", "frame-src", "child-src", "worker-src", "object-src", "base-uri", "form-action")


def policy(random: Random) -> str:
    """Draw a policy, or two that must both allow, for a page with the probes."""
    parts = []
    for name in _SCRIPTED:
        if random.random() < 0.35:
            atoms = random.choices(_SCRIPT, k=random.randint(0, 3)) + random.choices(_COMMON, k=random.randint(0, 2))
            random.shuffle(atoms)
            parts.append(" ".join((name, *atoms)))
    for name in _OTHERS:
        if random.random() < 0.25:
            parts.append(" ".join((name, *random.choices(_COMMON, k=random.randint(0, 2)))))
    if random.random() < 0.1:
        parts.append("require-trusted-types-for 'script'")
    random.shuffle(parts)
    text = "; ".join(parts) or "default-src *"
    return text if random.random() > 0.15 else f"{text}, {policy(random)}"
