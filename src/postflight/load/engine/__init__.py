"""The generator: runs flows on a schedule in a native thread of its own, and tells in batches what it measured.

Imports no Locust. `engine.Engine` is the way in, `batch.Batch` what comes out.
"""
