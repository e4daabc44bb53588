// The life of a preview session, over the API. Knows nothing of the page.

import { api } from "./api.js";

const READY_DEADLINE = 30_000; // ms: what Velocity promises for a preview to be ready
const POLL = 200; // ms

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolve to this project's running session, if there is one. */
export async function findPreview(projectId) {
  const { sessions } = await api("GET", "/api/preview");
  return sessions.find((session) => session.projectId === projectId && ["creating", "active"].includes(session.status));
}

/** Resolve to a started session, which may still be creating. */
export function startPreview(projectId) {
  return api("POST", "/api/preview/start", { projectId }, { deadline: READY_DEADLINE });
}

/** Resolve to the session as soon as it is not creating any more. Rejects when that takes too long. */
export async function untilSettled(session) {
  const deadline = Date.now() + READY_DEADLINE;
  while (session.status === "creating") {
    if (Date.now() >= deadline) throw new Error("The preview was not ready within 30 seconds. Stop it and try again.");
    await pause(POLL);
    session = await api("GET", `/api/preview/${encodeURIComponent(session.sessionId)}`);
  }
  return session;
}

export function stopPreview(session) {
  return api("DELETE", `/api/preview/${encodeURIComponent(session.sessionId)}`, undefined, { keepalive: true }); // also when leaving
}
