"""Runs Schemathesis' phases against a deployment, says what was found and how far the calls came, and looks again."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemathesis import BaseSchema, Case, GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.engine.recorder import Interaction, Request, ScenarioRecorder
from schemathesis.engine.run import PhaseName

from postflight.checks.openapi.document import Document
from postflight.contract import documents
from postflight.contract.documents import Operation
from postflight.contract.engine import Bound, NoAnswer, bind, configuration, run_phase
from postflight.contract.faults import Fault, fault_of, faults_in, is_throttled, no_answer, not_there
from postflight.contract.owned import Owned, Values
from postflight.contract.tracker import Tracker
from postflight.contract.transport import Raw, SafeClient
from postflight.errors import CannotMeasure, DeploymentFault, NotAllowed, NotEnoughEvidence

STATEFUL_STEPS = 6  # of one scenario
_REJECTED_BY_US = (404, 405, 501)  # what is answered where there is no such route, or no such object


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of each phase: its seconds and, where it draws cases, how many."""

    seconds: float
    cases: int


@dataclass(slots=True)
class Tally:
    """How far the calls of an operation came: those that keep the document, by status."""

    valid: Counter[int] = field(default_factory=Counter)
    owned: Counter[int] = field(default_factory=Counter)  # of these, those about objects that the run owns
    invalid: int = 0  # calls that break the document on purpose
    throttled: int = 0  # calls that got a 429 which nobody has documented; in neither of the others

    @property
    def calls(self) -> int:
        """Calls that were answered, whatever they were for."""
        return self.valid.total() + self.invalid

    @property
    def reached(self) -> int:
        """Valid calls that were answered with a 2xx."""
        return sum(count for status, count in self.valid.items() if 200 <= status < 300)

    @property
    def share(self) -> float:
        """`reached` among the valid calls."""
        return self.reached / self.valid.total() if self.valid else 0.0


@dataclass(slots=True)
class Report:
    """What one phase of one operation (or the state machine of all) came to."""

    faults: tuple[Fault, ...]
    tally: Tally
    owned: Owned
    stumbles: tuple[Exception, ...] = ()  # of the tool: they say nothing about the deployment
    capped: bool = False  # whether requests were not sent since all that may be were


@dataclass(slots=True)
class Fuzzer:
    """Everything that the phases share in one process. `schemes` are credentials by the document's security scheme."""

    client: SafeClient
    document: Document
    seed: int

    def operations(self) -> tuple[Operation, ...]:
        """Return the document's operations."""
        return documents.operations(self.document)

    def run(
        self,
        operation: Operation | None,
        phase: PhaseName,
        plan: Plan,
        *,
        token: str | None,
        objects: Sequence[Values] = (),
        uses: int | None = None,
        without: Iterable[str] = (),
    ) -> Report:
        """Run a phase for one operation, or (None) the state machine over all but `without`. Remove what it created.

        Raises `CannotMeasure` when the trouble is this runner's.
        """
        owned = Owned(objects, uses)
        tracker = self._tracker()
        stateful = phase is PhaseName.STATEFUL_TESTING

        def after() -> None:
            if not stateful:  # nothing later needs it, and a pool of previews is small
                tracker.remove(self.client, token)

        schema = self._schema(plan, token, tracker, owned, after)
        chosen: BaseSchema = schema.exclude(name=list(without)) if without else schema
        if operation is not None:
            chosen = schema.include(method=operation.method, path=operation.path)
        try:
            gathered = run_phase(chosen, phase, seconds=plan.seconds)
        finally:
            tracker.remove(self.client, token)
            self.client.ledger.leave(*tracker.left)
        label = operation.label if operation else "the state machine"
        faults = list(faults_in(gathered.recorders, self.client))
        unanswered, stumbles = _sorted_out(label, gathered.errors)
        tally = _tally(gathered.recorders, owned)
        refused = any(isinstance(error, NotAllowed) for error in gathered.errors)
        capped = refused and self.client.ledger.total >= self.client.rules.at_most
        return Report((*faults, *unanswered), tally, owned, stumbles, capped)

    def again(self, report: Report, *, token: str | None, objects: Sequence[Values] = ()) -> tuple[Fault, ...]:
        """Send the very requests of a report's faults once more, and return the faults that are still there.

        Where a request was about an object that the run owned, a new one takes its place.
        """
        owned, tracker = Owned(objects), self._tracker()
        schema = self._schema(Plan(0, 1), token, tracker, Owned(), lambda: None)
        still: list[Fault] = []
        try:
            for fault in report.faults:
                if fault.raw is not None:
                    still += _resend(fault, fault.raw, self.client)
                if fault.case is None:
                    continue
                case = fault.case.derive(keep_auth=True)
                owned.renew(case, report.owned)
                still += _repeat(schema, fault, case, self.client)
                tracker.remove(self.client, token)
        finally:
            tracker.remove(self.client, token)
            self.client.ledger.leave(*tracker.left)
        return tuple(still)

    def _schema(self, plan: Plan, token: str | None, tracker: Tracker, owned: Owned, after: Any) -> Bound:
        config = configuration(
            base_url=f"{self.client.deployment.base_url.rstrip('/')}{documents.base_path(self.document)}",
            seed=self.seed,
            fuzz=self.client.rules.fuzz,
            max_examples=plan.cases,
            steps=STATEFUL_STEPS,
            schemes=_schemes(self.document, token),
        )
        root = documents.self_contained(self.document)
        return bind(root, config, self.client, tracker, before=owned.fill, after=after)

    def _tracker(self) -> Tracker:
        return Tracker.of(self.operations(), documents.base_path(self.document))


def evidence(report: Report, operation: Operation) -> Fault | None:
    """Return the fault of an operation that never found what the run had created; None where it did, or had nothing."""
    statuses = report.tally.owned
    if statuses and all(status in _REJECTED_BY_US for status in statuses):
        told = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
        return not_there(operation.label, told, operation.path, "")
    return None


def _resend(fault: Fault, raw: Raw, client: SafeClient) -> list[Fault]:
    try:
        client.send_raw(raw)
    except DeploymentFault as error:
        return [no_answer(fault.operation, error, raw)]
    return []


def _repeat(schema: Bound, fault: Fault, case: Case[Any], client: SafeClient) -> list[Fault]:
    from schemathesis import checks

    try:
        answer = schema.transport.send(case)
        case.validate_response(answer, checks=[getattr(checks, fault.check)])
    except (Failure, FailureGroup) as error:
        found = error.exceptions if isinstance(error, FailureGroup) else (error,)
        interaction = Interaction(Request.from_prepared_request(answer.request), answer)
        told = [fault_of(one, fault.check, case, interaction, client) for one in found]
        return [one for one in told if one.rule == fault.rule][:1]
    except DeploymentFault as error:
        return [no_answer(fault.operation, error)]
    except NotAllowed as error:  # all that may be sent was sent
        raise NotEnoughEvidence(f"seen once, and not looked at again: {fault.summary}; {error}") from error
    return []


def _sorted_out(label: str, errors: Iterable[Exception]) -> tuple[list[Fault], tuple[Exception, ...]]:
    """Return what the deployment is to blame for, and what the tool. Raises what this runner is to blame for."""
    faults: dict[str, Fault] = {}
    stumbles: list[Exception] = []
    for error in errors:
        match error:
            case NoAnswer():
                fault = no_answer(label, error, error.raw)
                faults.setdefault(fault.cause, fault)
            case NotAllowed():
                continue  # the ledger has it
            case CannotMeasure():
                raise error
            case _:
                stumbles.append(error)
    return list(faults.values()), tuple(stumbles)


def _tally(recorders: Iterable[ScenarioRecorder], owned: Owned) -> Tally:
    tally = Tally()
    for recorder in recorders:
        for case_id, interaction in recorder.interactions.items():
            case = recorder.cases[case_id].value
            if interaction.response is None or (
                recorder.cases[case_id].parent_id and not recorder.cases[case_id].transition
            ):
                continue
            if is_throttled(interaction) and any(node.failure_info for node in recorder.checks.get(case_id, ())):
                tally.throttled += 1
                continue
            meta = case._meta  # noqa: SLF001 - `meta` would validate every case anew
            if meta is not None and meta.generation.mode is GenerationMode.NEGATIVE:
                tally.invalid += 1
                continue
            tally.valid[interaction.response.status_code] += 1
            if case_id in owned.filled:
                tally.owned[interaction.response.status_code] += 1
    return tally


def _schemes(document: Document, token: str | None) -> Mapping[str, Mapping[str, str]]:
    """Return the token for each scheme of the document that takes one."""
    components = document.top.get("components")
    if token is None or components is None:
        return {}
    found: dict[str, Mapping[str, str]] = {}
    for name, scheme in components.fields("securitySchemes").items():
        value = scheme.resolved().mapping()
        if value.get("type") == "http" and str(value.get("scheme")).lower() == "bearer":
            found[name] = {"bearer": token}
    return found
