"""P13-X4: a violation is reported, and the report arrives: at the endpoint, and where the platform keeps it."""

import re

import pytest

from postflight.browser.policy_reports import Delivery, send_report
from postflight.errors import CannotMeasure, PageTrouble
from postflight.model import Deployment
from postflight.pytest_plugin.fixtures import Exclude
from security.browser.conftest import Enter

pytestmark = [
    pytest.mark.security,
    pytest.mark.covers("P13-X4"),
    pytest.mark.needs("inject"),
    pytest.mark.only_browser("chromium"),  # answers are changed by its protocol
]

REPORTING_TIERS = ("strict",)
"""Tiers whose pages must name an endpoint."""

STORED = "select count(*) from csp_reports where position(%s in report::text) > 0"


def test_violation_report_arrives(enter: Enter, deployment: Deployment, run_id: str, exclude: Exclude) -> None:
    """A violation is reported, and the endpoint takes the report"""
    sent = report(enter, deployment, f"arrives-{run_id}", exclude)
    if not sent.arrived:
        raise PageTrouble(
            f"A violation of {sent.broken or 'the policy'} was not reported: {sent.words}",
            expected=f"{sent.endpoint or 'report-to or report-uri'}, and an endpoint that answers 2xx",
            seen=sent.words,
            where=deployment.base_url,
        )


@pytest.mark.platform("velocity")
def test_violation_report_is_kept(enter: Enter, deployment: Deployment, run_id: str, exclude: Exclude) -> None:
    """A report that the endpoint took is in the platform's store"""
    if not deployment.environment.startswith("reference"):
        exclude("only of the reference platform is it known where reports are kept")
    token = f"kept-{run_id}"
    sent = report(enter, deployment, token, exclude)
    if not sent.arrived:
        exclude(f"nothing arrived that could be kept: {sent.words}")
    if not stored(deployment, token):
        raise PageTrouble(
            "The endpoint took a violation report and did not keep it",
            expected="a row in csp_reports",
            seen="none",
            where=sent.endpoint,
        )


def report(enter: Enter, deployment: Deployment, token: str, exclude: Exclude) -> Delivery:
    """Break the landing page's policy. Excluded where no endpoint is named and none is asked for."""
    sent = send_report(enter(""), deployment.base_url, re.sub(r"[^a-z0-9-]", "-", token.lower()))
    if not sent.endpoint and deployment.tier not in REPORTING_TIERS:
        exclude(f"{sent.words}, and the tier asks for none")
    return sent


def stored(deployment: Deployment, token: str) -> bool:
    """Whether the reference platform's database holds a report with this token."""
    import psycopg  # of the extra `reference`: only its own platform is asked

    secret = deployment.secrets.get("database_url")
    if secret is None:
        raise CannotMeasure("The reference platform did not say where its database is", expected="database_url")
    with psycopg.connect(secret.reveal(), connect_timeout=5) as connection:
        row = connection.execute(STORED, [re.sub(r"[^a-z0-9-]", "-", token.lower())]).fetchone()
    return bool(row and row[0])
