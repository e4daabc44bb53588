"""The control plane of blue-green, in the wire format of Vercel's REST API, which it stands for: a paid service.

What is here is what promoting and rolling back need. Fields are those of the published API, a part of them; so are
statuses. Formats: https://vercel.com/docs/rest-api (list-deployments, find-a-project-by-id-or-name,
point-production-traffic-to-a-given-deployment) and what Vercel's own command line sends and reads
(github.com/vercel/vercel, packages/cli/src/commands/{promote,rollback}). The codes of the 409 and 422 errors are not
published: those here are ours.
"""
