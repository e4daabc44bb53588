// Sign-in: sends the form as JSON; the answer sets the session cookie.

import { api, explain } from "./api.js";

const form = document.getElementById("login");
const button = form.querySelector("button");
const problem = document.querySelector("[data-testid=login-error]");

/** Where to go afterwards: the page that asked for a sign-in, never another site. */
function destination() {
  const next = new URLSearchParams(location.search).get("next") ?? "";
  const url = URL.canParse(next, location.origin) ? new URL(next, location.origin) : null;
  return next !== "" && url?.origin === location.origin ? url.href : "/projects";
}

async function signIn() {
  const { email, password } = form.elements;
  button.disabled = true;
  problem.textContent = "";
  try {
    await api("POST", "/api/auth/login", { email: email.value, password: password.value });
    location.assign(destination());
  } catch (error) {
    problem.textContent = explain(error);
    button.disabled = false;
    password.select();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  signIn();
});
button.disabled = false; // only now: a form without its script would leave the page
