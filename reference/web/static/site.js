// On every page: tells the platform's error table about errors in its pages.

const LIMIT = 5; // per page: an error in a loop must not become a flood
let sent = 0;

function report(code, error, message) {
  if (sent++ >= LIMIT) return;
  fetch("/api/errors", {
    method: "POST",
    keepalive: true,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      severity: "error",
      code,
      message: String(message || error || "unknown").slice(0, 500),
      stack: String(error?.stack ?? "").slice(0, 4000),
      context: { path: location.pathname, release: document.querySelector("[data-testid=release]")?.textContent ?? "" },
    }),
  }).catch(() => {}); // nobody is left to tell
}

addEventListener("error", (event) => report("uncaught_exception", event.error, event.message));
addEventListener("unhandledrejection", (event) => report("unhandled_rejection", event.reason, event.reason?.message));
