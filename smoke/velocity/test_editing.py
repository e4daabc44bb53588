"""VEL-S7: an edit in the editor is visible in the running preview."""

import time

import pytest
from playwright.sync_api import Page, expect

from platforms.velocity import Project, Velocity
from postflight.model import Deployment
from postflight.probes.client import Client
from postflight.pytest_plugin.fixtures import Measure

from .conftest import StartPreview
from .realtime import broadcast_edit

pytestmark = [
    pytest.mark.smoke,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-S7"),
    pytest.mark.needs("create"),
    pytest.mark.xdist_group("previews"),
]

VISIBLE_WITHIN = 8.0  # seconds until we give up; the budget `edit.sync` says what is allowed


@pytest.mark.measures("edit.sync")
def test_edit_is_visible_in_the_preview(
    signed_in: Page, project: Project, deployment: Deployment, run_id: str, give_up_after: float, measure: Measure
) -> None:
    """What is typed in the editor shows in the preview beside it"""
    page = signed_in
    page.goto(f"{deployment.base_url}/editor/{project.id}")
    page.get_by_test_id("start-preview").click()
    preview = page.frame_locator("[data-testid=preview-frame]")
    expect(preview.get_by_role("heading", name=project.name)).to_be_visible(timeout=give_up_after * 1000)
    try:
        edited = f"edited {run_id}"
        began = time.monotonic()
        page.get_by_test_id("editor").fill(f"<!doctype html><title>edited</title><h1>{edited}</h1>")
        preview.get_by_role("heading", name=edited).wait_for(timeout=VISIBLE_WITHIN * 1000)
        measure("edit.sync", time.monotonic() - began, where=page.url)
    finally:
        page.get_by_test_id("stop-preview").click()


@pytest.mark.measures("edit.sync")
def test_edit_by_the_official_client(
    api: Client,
    platform: Velocity,
    project: Project,
    deployment: Deployment,
    run_id: str,
    start_preview: StartPreview,
    measure: Measure,
) -> None:
    """An edit that Supabase's own client broadcasts reaches the preview"""
    session = start_preview(project)
    text = f"broadcast {run_id}"
    page = f"<!doctype html><title>t</title><h1>{text}</h1>"
    sent = broadcast_edit(api, deployment, project.id, "index.html", page)
    api.run(platform.wait_until_served(session, text, within=VISIBLE_WITHIN), deadline=VISIBLE_WITHIN + 5)
    measure("edit.sync", time.monotonic() - sent, where=session.url)
