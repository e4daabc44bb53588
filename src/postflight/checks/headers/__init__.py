"""The security headers of an HTTP answer: what a browser makes of them, and what a tier of strictness demands.

- `answer`: the answer as data; `finding`: what is said about it; `dump`: saved answers (curl, HAR) as data
- one module per subject, each with `find(answer)`; where browsers act on one value, `effective(answer)` says which
- `analysis.analyse` runs them all; `missing.find` names what a browser would obey and was not sent
- `tiers.judge` holds answers against `baseline`, `hardened` or `strict`

What is reported covers MDN's HTTP Observatory and the OWASP Secure Headers Project; the rules are the standards' own,
named in each module. `policies` is where `postflight.checks.csp` joins in.
"""
