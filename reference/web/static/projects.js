// The list of one's projects: shows, creates, signs out.

import { api, explain } from "./api.js";

const PAGE = 20;
const testId = (name) => document.querySelector(`[data-testid=${name}]`);

const list = document.getElementById("projects");
const more = document.getElementById("more");
const template = document.getElementById("project");
const form = document.getElementById("create");
const nameField = testId("new-project-name");
const createButton = testId("create-project");
const signOutButton = testId("sign-out");
const status = testId("projects-status");
const problem = testId("projects-error");

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const shown = new Set(); // ids: a project created between two pages must not appear twice

function show(project, place) {
  if (shown.has(project.id)) return null;
  shown.add(project.id);
  const item = template.content.cloneNode(true);
  const link = item.querySelector("a");
  link.href = `/editor/${encodeURIComponent(project.id)}`;
  link.querySelector(".name").textContent = project.name;
  const time = link.querySelector("time");
  time.dateTime = project.updatedAt;
  time.textContent = `Changed ${dates.format(new Date(project.updatedAt))}`;
  list[place](item);
  return link;
}

async function load() {
  const { projects, total } = await api("GET", `/api/projects?limit=${PAGE}&offset=${shown.size}`);
  for (const project of projects) show(project, "append");
  more.hidden = projects.length === 0 || shown.size >= total;
  status.textContent = total === 0 ? "No projects yet. Create your first one above." : "";
}

async function create() {
  const project = await api("POST", "/api/projects", { name: nameField.value.trim() });
  form.reset();
  status.textContent = `Created “${project.name}”.`;
  show(project, "prepend")?.focus();
}

async function signOut() {
  await api("POST", "/api/auth/logout");
  location.assign("/");
}

/** Run an action with its button held down, and say what went wrong. */
async function run(action, button) {
  problem.textContent = "";
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    problem.textContent = explain(error);
    if (action === load) status.textContent = "";
  } finally {
    button.disabled = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run(create, createButton);
});
more.addEventListener("click", () => run(load, more));
signOutButton.addEventListener("click", () => run(signOut, signOutButton));
createButton.disabled = signOutButton.disabled = false; // disabled in the page until somebody listens
run(load, more);
