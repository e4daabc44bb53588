// What all instruments share: which elements people can see, and what one is called. Nothing is left in the page.

const WRITTEN = "input:not([type=button], [type=submit], [type=reset], [type=checkbox], [type=radio], [type=range], " +
  "[type=color], [type=file], [type=image]), textarea, [contenteditable=''], [contenteditable=true]";

/** The document in a frame of the same origin, or null. */
function documentIn(element) {
  try {
    return /^i?frame$/.test(element.localName) ? element.contentDocument : null;
  } catch {
    return null;
  }
}

/** All elements in the document's order, through open shadow roots and frames of the same origin. */
function everything(root = document, found = []) {
  for (const element of root.querySelectorAll("*")) {
    found.push(element);
    if (element.shadowRoot) everything(element.shadowRoot, found);
    const inner = documentIn(element);
    if (inner) everything(inner, found);
  }
  return found;
}

function isVisible(element) {
  if (!element.checkVisibility({ visibilityProperty: true })) return false;
  return [...element.getClientRects()].some((box) => box.width > 0 && box.height > 0);
}

/** `button[data-testid=cta] "Start building"`: what a developer finds again. */
function nameOf(element) {
  const mark = ["data-testid", "id", "name"].find((attribute) => element.getAttribute(attribute));
  const value = mark && element.getAttribute(mark);
  const which = !mark ? "" : mark === "id" ? `#${value}` : `[${mark}=${value}]`;
  const says = element.getAttribute("aria-label") || (element.matches(WRITTEN) ? "" : element.innerText) ||
    element.getAttribute("alt") || element.getAttribute("placeholder") || element.getAttribute("title") || "";
  const classes = which ? "" : [...element.classList].slice(0, 2).map((name) => `.${name}`).join("");
  const text = says.trim().replace(/\s+/g, " ").slice(0, 40);
  return `${element.localName}${which}${classes}`.slice(0, 100) + (text && ` "${text}"`);
}
