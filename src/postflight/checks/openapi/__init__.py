"""Drift: the difference of two OpenAPI documents, and which of its changes break calls that were valid.

- `reading.read`: bytes to a bounded `Document` (`document`), whose nodes know their JSON pointers
- the schema-inclusion core: `schema` (what holds at a place), `validity` (is this value valid?), `branches` and `facts`
  (a schema as a union of simple ones), `inclusion` (the prover), `examples` (the refuter),
  `relation` (both: three values)
- the walkers: `schema_changes` with `keyword_changes` and `judgement`, `parameters`, `bodies`, `responses`, `security`,
  `lifecycle`, `operations`
- `comparison.compare`: two documents to `Change`s (`change`); `catalog` knows every id and its remedy

docs/drift.md says what is judged, and how it compares with oasdiff's published list of checks.
"""
