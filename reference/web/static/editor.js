// The editor page: wires the text, its realtime channel and the running preview together.

import { api, explain } from "./api.js";
import { Draft } from "./draft.js";
import { findPreview, startPreview, stopPreview, untilSettled } from "./preview.js";
import { Channel } from "./realtime.js";

const FILE = "index.html";
const WATCH = 5_000; // ms between two looks at whether a running preview still runs
const SLOW = 1_000; // ms after which saving is worth a word

const testId = (name) => document.querySelector(`[data-testid=${name}]`);
const code = testId("editor");
const hint = testId("preview-hint");
const startButton = testId("start-preview");
const stopButton = testId("stop-preview");
const problem = testId("editor-error");
const panes = document.querySelector(".panes");
const projectId = panes.dataset.project;
const config = JSON.parse(document.querySelector("meta[name=velocity-config]").content);

let current = null; // the preview session that this page shows or waits for

/** A status line is read out when it changes, so it is only touched when it does. */
function say(name, text) {
  const line = testId(name);
  if (line.textContent !== text) line.textContent = text;
}

/** A frame is made with its address: an empty one would have this page's own origin. */
function frameOf(url) {
  const frame = document.getElementById("frame").content.firstElementChild.cloneNode();
  frame.src = url;
  return frame;
}

function showPreview(status, text) {
  testId("preview-status").dataset.status = status;
  say("preview-status", text);
  testId("preview-frame")?.remove();
  hint.hidden = status === "active";
  if (status === "active") hint.after(frameOf(current.previewUrl));
  startButton.hidden = current !== null;
  stopButton.hidden = current === null;
}

async function followPreview(session) {
  current = session;
  showPreview("creating", "The preview is starting…");
  const before = code.value;
  try {
    const settled = await untilSettled(session);
    if (current !== session) return; // stopped meanwhile
    current = settled.status === "active" ? settled : null;
    if (current === null) throw new Error(`The preview could not be started (${settled.status}). Try again.`);
  } catch (error) {
    if (current === null || current === session) throw error;
    return;
  }
  showPreview("active", "The preview is live.");
  if (code.value !== before) publish(code.value); // written after the preview read the files, before it could listen
  watchPreview(current);
}

/** Notice when the running preview ends without us, for example because nobody was active for long. */
function watchPreview({ sessionId }) {
  const timer = setInterval(async () => {
    if (current?.sessionId !== sessionId) return clearInterval(timer);
    if (document.hidden) return undefined;
    const still = await findPreview(projectId).catch(() => current); // not knowing is no reason to take it away
    if (current?.sessionId !== sessionId || still?.sessionId === sessionId) return undefined;
    current = null;
    return showPreview("ended", "The preview has ended.");
  }, WATCH);
}

async function start() {
  await draft?.flush(); // the preview starts from what is stored
  await followPreview(await startPreview(projectId));
}

async function stop() {
  const session = current;
  testId("preview-frame")?.remove(); // first: a page whose server goes away complains about its lost connections
  try {
    await stopPreview(session);
  } catch (error) {
    if (current === session && session.status === "active") showPreview("active", "The preview is still live.");
    throw error;
  }
  if (current === session) current = null;
  showPreview("ended", "The preview has ended.");
}

/** Run an action with its button held down, and say what went wrong. */
async function run(action, button) {
  problem.textContent = "";
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    problem.textContent = explain(error);
    if (action !== stop) showPreview("error", "The preview is not running.");
  } finally {
    button.disabled = false;
  }
}

let slow = null;
function showSaving(state, error) {
  clearTimeout(slow);
  const pending = state === "changed" || state === "saving";
  if (pending) slow = setTimeout(() => say("save-status", "Saving…"), SLOW);
  else say("save-status", state === "saved" ? "Saved" : "Not saved");
  if (state === "failed") problem.textContent = `Your last change is not saved: ${explain(error)}`;
  panes.dataset.saved = state;
}

function publish(content) {
  channel.broadcast("file:update", { filePath: FILE, content }, FILE);
}

const channel = new Channel(config.realtime, config.anonKey, `project:${projectId}`, (state) => {
  panes.dataset.realtime = state;
});

async function openFile() {
  const url = `/api/projects/${encodeURIComponent(projectId)}/files/${FILE}`;
  const { content } = await api("GET", url);
  code.value = content;
  const opened = new Draft(url, code.value, {
    read: () => code.value,
    publish,
    onState: showSaving,
  });
  code.addEventListener("input", () => opened.touch());
  addEventListener("pagehide", () => opened.flush());
  code.disabled = false;
  return opened;
}

let draft = null;
channel.open();
try {
  draft = await openFile();
} catch (error) {
  problem.textContent = explain(error);
}
startButton.addEventListener("click", () => run(start, startButton));
stopButton.addEventListener("click", () => run(stop, stopButton));
startButton.disabled = false;
const running = await findPreview(projectId).catch(() => undefined);
if (running && current === null) run(() => followPreview(running), startButton);
