"""GitHub: `workflow_dispatch`, `repository_dispatch`, and the status of a deployment.

Wire format: https://docs.github.com/rest/actions/workflows, .../repos/repos, .../deployments/statuses.
"""

import json
from collections.abc import Mapping
from typing import Any

from postflight.config.rollback import DeploymentStatusWords, RepositoryEventWords, WorkflowWords
from postflight.errors import PostflightError
from postflight.model import Secret
from postflight.rollback.actions.facts import facts_of
from postflight.rollback.http import Call, Caller, accepted, json_of
from postflight.rollback.model import About, Case, Move, Standing

API_VERSION = "2022-11-28"
LONGEST_DESCRIPTION = 140  # characters of a deployment status
_HEADERS = {
    "accept": "application/vnd.github+json",
    "x-github-api-version": API_VERSION,
    "content-type": "application/json",
}
_LOOK_DEADLINE = 5.0  # seconds


class WorkflowDispatch:
    """Starts a workflow. With `key_input` its runs can be told apart, and so asked for."""

    repeats = False

    def __init__(self, about: About, words: WorkflowWords, token: Secret, caller: Caller) -> None:
        self.about = about
        self._words = words
        self._token = token
        self._caller = caller

    def plan(self, case: Case) -> Move:  # noqa: ARG002 - one interface for all actions
        """Return what will be sent."""
        return Move(self._call("").says)

    def do(self, case: Case, move: Move, key: str) -> str:  # noqa: ARG002 - one interface for all actions
        """Start it: 204, or 200 with the run."""
        call = self._call(key)
        remedies = {
            422: "the workflow does not take this: has it `on: workflow_dispatch` with these inputs on that ref?"
        }
        answer = accepted(self._caller.send(call), call, self._caller.redactor, remedies=remedies)
        return f"HTTP {answer.status}: {self._words.workflow} of {self._words.repository} was started"

    def standing(self, case: Case, move: Move, key: str) -> Standing:  # noqa: ARG002 - one interface for all actions
        """Look for a run that shows our key. None is no proof that none comes."""
        if self._words.key_input is None:
            return Standing.UNKNOWN
        url = f"{self._workflow}/runs?event=workflow_dispatch&per_page=50"
        call = Call("GET", url, None, _HEADERS, bearer=self._token, deadline=_LOOK_DEADLINE)
        try:
            runs = json_of(self._caller.send(call), call, self._caller.redactor).get("workflow_runs")
        except PostflightError:
            return Standing.UNKNOWN
        for run in runs if isinstance(runs, list) else ():
            if isinstance(run, dict) and key in str(run.get("display_title")):
                if run.get("status") != "completed":
                    return Standing.UNDER_WAY
                return Standing.AFTER if run.get("conclusion") == "success" else Standing.UNKNOWN
        return Standing.UNKNOWN

    @property
    def _workflow(self) -> str:
        return f"{self._words.api}/repos/{self._words.repository}/actions/workflows/{self._words.workflow}"

    def _call(self, key: str) -> Call:
        inputs = dict(self._words.inputs)
        if self._words.key_input:
            inputs[self._words.key_input] = key
        told: dict[str, Any] = {"ref": self._words.ref} | ({"inputs": inputs} if inputs else {})
        return _post(f"{self._workflow}/dispatches", told, self._token, self._words.deadline.value)


class RepositoryDispatch:
    """Sends an event with the facts as its payload. It cannot be asked for afterwards."""

    repeats = False

    def __init__(self, about: About, words: RepositoryEventWords, token: Secret, caller: Caller) -> None:
        self.about = about
        self._words = words
        self._token = token
        self._caller = caller

    def plan(self, case: Case) -> Move:
        """Return what will be sent."""
        return Move(self._call(case, "").says)

    def do(self, case: Case, move: Move, key: str) -> str:  # noqa: ARG002 - one interface for all actions
        """Send it: 204."""
        call = self._call(case, key)
        answer = accepted(self._caller.send(call), call, self._caller.redactor)
        return f"HTTP {answer.status}: event {self._words.event} for {self._words.repository}"

    def standing(self, case: Case, move: Move, key: str) -> Standing:  # noqa: ARG002 - one interface for all actions
        """GitHub does not tell which events came."""
        return Standing.UNKNOWN

    def _call(self, case: Case, key: str) -> Call:
        # GitHub takes at most ten properties at the top
        payload: Mapping[str, Any] = {"postflight": facts_of(case, key)}
        url = f"{self._words.api}/repos/{self._words.repository}/dispatches"
        told = {"event_type": self._words.event, "client_payload": payload}
        return _post(url, told, self._token, self._words.deadline.value)


class DeploymentStatus:
    """Marks GitHub's deployment as failed. A second status with the same state changes nothing."""

    repeats = True

    def __init__(
        self, about: About, words: DeploymentStatusWords, token: Secret, number: Secret, caller: Caller
    ) -> None:
        """Take the deployment's number: it comes from a variable, as the token does, but is no secret."""
        self.about = about
        self._words = words
        self._token = token
        self._number = number.reveal()
        self._caller = caller

    def plan(self, case: Case) -> Move:
        """Return what will be sent."""
        return Move(self._call(case).says)

    def do(self, case: Case, move: Move, key: str) -> str:  # noqa: ARG002 - one interface for all actions
        """Send it: 201."""
        call = self._call(case)
        answer = accepted(self._caller.send(call), call, self._caller.redactor)
        return f"HTTP {answer.status}: deployment {self._number} is marked {self._words.state}"

    def standing(self, case: Case, move: Move, key: str) -> Standing:  # noqa: ARG002 - one interface for all actions
        """Return that nobody knows: it need not be asked, since it may be sent again."""
        return Standing.UNKNOWN

    def _call(self, case: Case) -> Call:
        described = f"Postflight: {case.trigger} asks for {case.do.value}"[:LONGEST_DESCRIPTION]
        told = {"state": self._words.state, "description": described, "auto_inactive": False}
        url = f"{self._words.api}/repos/{self._words.repository}/deployments/{self._number}/statuses"
        return _post(url, told, self._token, self._words.deadline.value)


def _post(url: str, told: Mapping[str, Any], token: Secret, deadline: float) -> Call:
    return Call("POST", url, json.dumps(told).encode(), _HEADERS, bearer=token, deadline=deadline)
