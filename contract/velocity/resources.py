"""Velocity's resources, in what the document does not say: which operations are the life of an object.

A new resource is one more declaration here; a new operation with an id in its path is in the isolation matrix by
itself, and asks for a line in `BODIES` where it needs a body.
"""

from postflight.checks.invariants.resource import Resource
from postflight.flow import JSON

PROJECT = Resource(
    "project", "projects", list="listProjects", create="createProject", read="readProject", change="changeProject",
    delete="deleteProject", texts=("name", "description"),
    limit="limit", offset="offset", total="total", sort="sort", order="order", search="q", searched="name",
)  # fmt: skip
FILE = Resource(
    "file", "files", list="listFiles", read="readFile", write="writeFile", delete="deleteFile", id="path",
    texts=("content",),
)  # fmt: skip
PREVIEW = Resource(
    "preview", "sessions", list="listPreviews", create="startPreview", read="readPreview", delete="endPreview",
    id="sessionId",
)  # fmt: skip

# What health says the service needs, and a call that needs it.
NEEDS = {"database": "listProjects"}

BODIES: dict[str, JSON] = {
    "changeProject": {"description": "changed by somebody else"},
    "writeFile": {"content": "written by somebody else"},
}
"""What strangers send where an operation takes a body: valid, so that nothing but who they are can be the reason."""

OF_PREVIEWS = frozenset({"readPreview", "endPreview"})
"""Operations that need a preview that lives: they share the pool."""
