"""VEL-S3: a project can be created, read and deleted."""

import re

import pytest
from playwright.sync_api import Page, expect

from platforms.velocity import PREFIX, Project, Velocity
from postflight.probes.client import Client

from .conftest import NewProject

pytestmark = [
    pytest.mark.smoke,
    pytest.mark.platform("velocity"),
    pytest.mark.covers("VEL-S3"),
    pytest.mark.needs("create"),
]


def test_project_is_kept_and_deleted(api: Client, platform: Velocity, token: str, new_project: NewProject) -> None:
    """A project is created, can be read, and is gone when it was deleted"""
    created = new_project()
    read = api.run(platform.read_project(token, created.id))
    assert read == created, f"the project was read back as {read}, not as {created}"
    listed = api.run(platform.list_projects(token))
    assert created in listed, f"the list of {len(listed)} projects lacks the new one"
    api.run(platform.delete_project(token, created.id))
    api.run(platform.project_is_gone(token, created.id))


def test_project_of_another_user_is_hidden(api: Client, platform: Velocity, project: Project, other_token: str) -> None:
    """Another user cannot read the project"""
    api.run(platform.project_is_gone(other_token, project.id))


def test_project_is_created_in_the_page(
    signed_in: Page, api: Client, platform: Velocity, token: str, run_id: str
) -> None:
    """A person creates a project in the page and opens it in the editor"""
    name = f"{PREFIX}{run_id}-page"
    try:
        signed_in.get_by_test_id("new-project-name").fill(name)
        signed_in.get_by_test_id("create-project").click()
        signed_in.get_by_test_id("project").filter(has_text=name).click()
        expect(signed_in.get_by_test_id("editor")).to_have_value(re.compile(re.escape(name)))
    finally:
        api.run(platform.remove_projects(token, name))
