"""Holds what the browser did against what the policy says, and against what the deployment's tier demands. Pure."""

from postflight.browser.policy_probes import Probe, predict
from postflight.browser.policy_visit import Visit

_LOADED = frozenset(
    {
        Probe.FOREIGN_SCRIPT,
        Probe.DATA_SCRIPT,
        Probe.INSECURE_SCRIPT,
        Probe.BLOB_WORKER,
        Probe.FOREIGN_FETCH,
        Probe.FOREIGN_STYLE,
        Probe.FOREIGN_FONT,
        Probe.FOREIGN_FRAME,
        Probe.PLUGIN,
    }
)
_INJECTED = frozenset({Probe.INLINE_SCRIPT, Probe.EVENT_HANDLER, Probe.JAVASCRIPT_URL, Probe.EVAL})

DEMANDS: dict[str, frozenset[Probe]] = {
    # Velocity's plan lets inline code, eval, <base>, forms and every https: image through: its waivers, not its faults
    "baseline": _LOADED,
    "hardened": _LOADED | _INJECTED | {Probe.FOREIGN_IMAGE, Probe.BASE, Probe.FORM},
    "strict": _LOADED | _INJECTED | {Probe.FOREIGN_IMAGE, Probe.BASE, Probe.FORM, Probe.DOM_SINK},
}
"""Tier -> what must not come through on any page. `Trusted Types` are the step from hardened to strict."""


def differences(visit: Visit) -> tuple[str, ...]:
    """Return, a sentence each, where browser and policy text disagree."""
    found = (
        [] if visit.finished else ["the policy lets a script with the page's own nonce run, and the browser did not"]
    )
    for probe in visit.probes:
        predicted, ran = predict(visit.page, probe), probe in visit.ran
        if ran and not predicted:
            found.append(f"{probe.value}: the policy forbids it, and the browser let it through")
        if predicted and not ran and visit.finished:
            found.append(f"{probe.value}: the policy allows it, and the browser did not let it through")
    return tuple(found)


def let_through(visit: Visit, tier: str) -> tuple[str, ...]:
    """Return the names of the probes that came through although the tier demands that they do not."""
    return tuple(probe.value for probe in Probe if probe in visit.ran & DEMANDS[tier])
