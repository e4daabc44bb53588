// The web API, as its pages use it. The session is an HttpOnly cookie: no script ever sees a token.

const DEADLINE = 10_000; // ms for a whole exchange

export class ApiError extends Error {
  constructor(status, code, message, retryAfter) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter; // seconds, or null
  }
}

/** Resolve to the answer's JSON (null for 204). Rejects with ApiError, or with fetch's own error when nothing answered. */
export async function api(method, path, body, { deadline = DEADLINE, keepalive = false } = {}) {
  const response = await fetch(path, {
    method,
    keepalive,
    credentials: "same-origin",
    signal: AbortSignal.timeout(deadline),
    ...(body !== undefined && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text(); // of a 204 too: leaving the page before its end would abort the request
  if (response.status === 204) return null;
  const answer = parse(text);
  if (response.ok && answer !== null) return answer;
  const { code = "unreadable", message = `Velocity answered with status ${response.status}` } = answer?.error ?? {};
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  throw new ApiError(response.status, code, message, retryAfter);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Say in one sentence what went wrong. Sends people whose session has ended to the sign-in page. */
export function explain(error) {
  if (error instanceof ApiError) {
    if (error.code === "unauthorized") {
      location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
      return "Your session has ended. Please sign in again.";
    }
    const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
    return `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.${wait}`;
  }
  if (error?.name === "TimeoutError") return "Velocity did not answer in time. Try again.";
  if (error instanceof TypeError) return "Velocity cannot be reached. Check your connection and try again.";
  return error?.message ?? "Something went wrong.";
}
