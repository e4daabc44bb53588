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

/** What an element is shown in: the slot that it fills, the host of its shadow root, its frame; null at the very top. */
function aroundOf(element) {
  return element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ??
    element.ownerDocument.defaultView?.frameElement ?? null;
}

/** The element and all that it is shown in, from the inside out. */
function* outwards(element) {
  for (let one = element; one; one = aroundOf(one)) yield one;
}

function isWithin(element, selector) {
  return [...outwards(element)].some((one) => one.matches(selector));
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

/** Whether people can bring it before their eyes: not clear, not moved out of the page, not cut off by what is around it. */
function canBeSeen(element) {
  if (!isVisible(element) || !element.checkVisibility({ opacityProperty: true })) return false;
  const page = element.ownerDocument.documentElement;
  const window = element.ownerDocument.defaultView;
  let box = element.getBoundingClientRect();
  for (const around of outwards(element)) {
    if (around.ownerDocument !== element.ownerDocument) return canBeSeen(around);
    const { position, overflowX, overflowY } = getComputedStyle(around);
    if (position === "fixed" && !meets(box, new DOMRect(0, 0, page.clientWidth, window.innerHeight))) return false;
    if (around === element || /^(body|html)$/.test(around.localName)) continue;
    const edge = around.getBoundingClientRect();
    if (/hidden|clip/.test(`${overflowX} ${overflowY}`) && !meets(box, edge)) return false;
    if (/auto|scroll/.test(`${overflowX} ${overflowY}`)) box = edge; // all of it can be scrolled to
  }
  const aside = getComputedStyle(page).direction === "rtl" ? box.left + window.scrollX >= page.clientWidth : box.right + window.scrollX <= 0;
  return !aside && box.bottom + window.scrollY > 0;
}

function meets(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
