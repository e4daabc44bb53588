// Follows the focus: what should be reached, what has it now, and whether people see that it does.

const NATIVE = "a[href], area[href], button, input:not([type=hidden]), select, textarea, details > summary:first-of-type, " +
  "audio[controls], video[controls], [contenteditable=''], [contenteditable=true]";
const ROLES = ["button", "link", "checkbox", "switch", "combobox", "textbox", "searchbox", "slider", "spinbutton",
  "menuitem", "menuitemcheckbox", "menuitemradio", "tab", "radio", "treeitem"];
const CONTROL = [NATIVE, ...ROLES.map((role) => `[role=${role}]`)].join(", ");
// arrow keys move within these: one of them is reached by Tab, and that is right
const COMPOSITE = ["tablist", "menu", "menubar", "radiogroup", "listbox", "tree", "grid", "toolbar"]
  .map((role) => `[role=${role}]`).join(", ");
const MODAL = "dialog:modal, [role=dialog][aria-modal=true], [role=alertdialog][aria-modal=true]";
const LOOKS = ["backgroundColor", "backgroundImage", "color", "textDecorationLine", "textDecorationColor", "transform",
  "opacity", "filter", "visibility", "fontWeight"];

class Keyboard {
  #known = []; // every element that is spoken of, by its number
  #looks = new Map(); // element with the focus -> how it and its neighbours looked then
  #unseen = []; // elements that looked the same with and without
  #last = null;

  /** What people can operate, in the document's order. */
  controls() {
    const modal = [...document.querySelectorAll(MODAL)].filter(isVisible).at(-1);
    const all = everything().filter((element) => !modal || modal.contains(element));
    return all.filter((element) => this.#isOperable(element)).map((element) => this.#tell(element));
  }

  /** What looks as if it could be clicked, although nothing says so: a guess. */
  hints() {
    const pointed = (element) => element && getComputedStyle(element).cursor === "pointer";
    return everything().filter((element) => element !== document.body && pointed(element) && isVisible(element) &&
      !pointed(element.parentElement) && !element.closest(`${CONTROL}, label, [inert]`) &&
      !element.querySelector(`${CONTROL}, [tabindex]`) && !element.onclick && element.tabIndex < 0)
      .map(nameOf);
  }

  /** What has the focus, or null: the page itself. Also settles whether the one before could be seen to have had it. */
  focused() {
    const element = this.#active();
    if (this.#last && this.#last !== element) this.#compare(this.#last);
    this.#last = element;
    if (!element) return null;
    if (!this.#looks.has(element)) this.#looks.set(element, this.#look(element));
    return this.#tell(element);
  }

  /** Elements that looked the same with the focus and without. */
  unseen() {
    return this.#unseen.map((element) => ({ ...this.#tell(element), writes: element.matches(WRITTEN) }));
  }

  element(number) {
    return this.#known[number];
  }

  #active() {
    let element = document.activeElement;
    for (let inner = element; inner; inner = inner.shadowRoot?.activeElement ?? documentIn(inner)?.activeElement) {
      if (!/^(body|html)$/.test(inner.localName)) element = inner;
    }
    return element && /^(body|html)$/.test(element.localName) ? null : element;
  }

  #isOperable(element) {
    if (element.matches(":disabled, [aria-disabled=true], [inert] *, [inert]") || !isVisible(element)) return false;
    if (element.closest("[aria-hidden=true]")) return false; // axe's business: "aria-hidden-focus"
    if (element.matches(CONTROL)) return true;
    const acts = typeof element.onclick === "function" && element !== document.body && element.localName !== "label";
    // around or within a control it is a convenience; without words and pictures it is a backdrop
    return acts && !element.parentElement?.closest(CONTROL) && !element.querySelector(`${CONTROL}, [tabindex]`) &&
      Boolean(element.innerText?.trim() || element.querySelector("img, svg"));
  }

  #tell(element) {
    let number = this.#known.indexOf(element);
    if (number < 0) number = this.#known.push(element) - 1;
    const box = element.getBoundingClientRect();
    const inFrame = element.ownerDocument !== document;
    return {
      number,
      name: nameOf(element),
      why: this.#why(element),
      group: this.#groupOf(element),
      href: element.localName === "a" ? element.href : "",
      place: inFrame ? null : { top: box.top + scrollY, bottom: box.bottom + scrollY },
      foreign: /^i?frame$/.test(element.localName) && !documentIn(element),
      modal: Boolean(element.closest(MODAL)),
    };
  }

  /** Why Tab may not come here. */
  #why(element) {
    if (element.hasAttribute("tabindex")) return `tabindex=${element.getAttribute("tabindex")}`;
    if (element.matches(NATIVE)) return "";
    const role = element.getAttribute("role");
    return role ? `role=${role} on a ${element.localName} without tabindex` : `a ${element.localName} with onclick is no button`;
  }

  #groupOf(element) {
    if (element.localName === "input" && element.type === "radio" && element.name) return `radio ${element.name}`;
    const around = element.parentElement?.closest(COMPOSITE);
    return around ? `${around.getAttribute("role")} ${everything().indexOf(around)}` : "";
  }

  #compare(element) {
    if (element.isConnected && isVisible(element) && this.#looks.get(element) === this.#look(element)) {
      if (!this.#unseen.includes(element)) this.#unseen.push(element);
    }
  }

  /** How an element and those around it look, as text: equal where nobody can see a difference. */
  #look(element) {
    for (const moving of document.getAnimations()) if (moving instanceof CSSTransition) moving.finish();
    const around = [element, element.parentElement, element.parentElement?.parentElement, element.nextElementSibling,
      element.previousElementSibling, element.firstElementChild, ...(element.labels ?? [])];
    return JSON.stringify(around.filter(Boolean).flatMap((one) => ["", "::before", "::after"].map((part) => lookOf(one, part)))
      .concat([["offsetTop", "offsetLeft", "offsetWidth", "offsetHeight"].map((side) => element[side])]));
  }
}

function lookOf(element, part) {
  const style = getComputedStyle(element, part);
  if (part && style.content === "none") return null;
  const line = (kind, width, colour) => (kind === "none" || kind === "hidden" || width === "0px" || isClear(colour) ? "" : `${width} ${kind} ${colour}`);
  const borders = ["Top", "Right", "Bottom", "Left"].map((side) =>
    line(style[`border${side}Style`], style[`border${side}Width`], style[`border${side}Color`]));
  const shadows = style.boxShadow.split(/,\s*(?![^(]*\))/).filter((shadow) => !isClear(shadow) && !/ 0px 0px 0px 0px/.test(shadow));
  return [line(style.outlineStyle, style.outlineWidth, style.outlineColor), borders, shadows, LOOKS.map((name) => style[name])];
}

function isClear(colour) {
  return /^none$|transparent|(?:, ?|\/ ?)0(?:\.0+)?\)/.test(colour);
}
