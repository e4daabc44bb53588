"""Which fault of performance, weight, latency and accessibility turns which checks red, and how its cause is named.

Complete: no other check of stage performance may fail. Each part of the stage has a table of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Planted:
    """One fault, the checks (functions) that must fail, and words that the finding must say: the true cause."""

    fault: str
    fails: tuple[str, ...]
    says: tuple[str, ...]
    arguments: tuple[str, ...] = ()  # how the reference platform is started


API = "test_api_answers_quickly"
HEALTH = "test_health_documents_answer_quickly"
LANDING = "test_landing_page_answers_quickly"

LATENCY = (
    Planted("slow-region", (HEALTH,), ("only region sfo is slow: its median is 7", "waiting for the first byte of")),
    Planted("slow-route", (API,), ("of it waiting for the first byte of GET /api/projects/{id}",)),
    Planted("slow-tail", (API,), ("a tail: ", "% of the answers take long, and the median is")),
    Planted("slow-body", (API,), ("of it for the body after its first byte of GET /api/projects/{id}/files",)),
    Planted("slow-handshake", (LANDING, HEALTH), ("for the TLS handshake of",), ("--tls",)),
    Planted("connections-closed", ("test_connections_are_kept_open",), ("20 answers said `Connection: close`",)),
    Planted(
        "query-per-item",
        ("test_a_list_costs_little_for_each_item",),
        ("files is scanned ", "times more, as by a query for each (N+1)"),
    ),
    Planted("slow-statement", ("test_database_answers_quickly",), ("select pg_sleep(?)",)),
    Planted(
        "connection-leak",
        ("test_database_connections_are_given_back",),
        ("connections are opened and never given back",),
    ),
    Planted("connections-crowded", ("test_database_has_connections_left",), ("and its limit here is 50",)),
    Planted(
        "transaction-left-open",
        ("test_no_transaction_is_left_open",),
        ("idle in transaction after select count(*) from projects where name = ?",),
    ),
)

TABLE = (*LATENCY,)
