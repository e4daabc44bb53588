"""Did you mean ...? The nearest right word for a wrong one."""

import difflib
from collections.abc import Iterable

_FEW = 16  # that many choices are listed whole when none of them is near


def did_you_mean(wrong: str, right: Iterable[str]) -> str:
    """Return `; did you mean 'allow'?`, or the choices when none is near and they are few, or nothing."""
    choices = list(dict.fromkeys(right))
    by_folded = {choice.casefold(): choice for choice in reversed(choices)}
    near = difflib.get_close_matches(wrong.casefold()[:100], by_folded, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {by_folded[near[0]]!r}?"
    if choices and len(choices) <= _FEW:
        return f"; expected one of {', '.join(choices)}"
    return ""
