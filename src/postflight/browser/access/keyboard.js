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
const DIALOG = "dialog:modal, [role=dialog], [role=alertdialog]"; // may hold the focus while it is open
// whose small buttons (open, clear, show, one more) are left out of the way of Tab: the field's own keys do the same
const FIELD = "[role=combobox], [role=spinbutton], [role=searchbox], input[list], input:is([type=number], [type=search], " +
  "[type=password], [type=date], [type=time], [type=datetime-local], [type=month], [type=week])";
const FIELD_DEPTH = 3; // elements around a button that may be the field's own
const DOES_NOTHING = /^(function\s*[\w$]*\s*\(\)|\(\)\s*=>)\s*\{\s*\}$/; // React puts one on what has a listener, for Safari
const LOOKS = ["backgroundColor", "backgroundImage", "color", "textDecorationLine", "textDecorationColor", "transform",
  "opacity", "filter", "visibility", "fontWeight"];

class Keyboard {
  #known = []; // every element that is spoken of, by its number
  #looks = new Map(); // element with the focus -> how it and its neighbours looked then
  #unseen = []; // elements that looked the same with and without
  #last = null;
  #operable = new Map(); // element -> whether it could be seen when `controls` was asked for

  /** What people can operate, in the document's order; also what is out of sight now: it may come with the focus. */
  controls() {
    const all = everything();
    const modal = all.filter((element) => element.matches(MODAL) && isVisible(element)).at(-1);
    const here = modal ? all.filter((element) => [...outwards(element)].includes(modal)) : all;
    this.#operable = new Map(here.filter((element) => this.#isOperable(element)).map((element) => [element, canBeSeen(element)]));
    return [...this.#operable.keys()].map((element) => this.#tell(element));
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

  /**
   * Where the link that has the focus skips to: an id, and whether it is there. Null for what skips nothing: a link into
   * the page may as well be a menu's, a router's (#/home) or a script's. One that skips is known by what only such links
   * do: it leads to the main content, was hidden until it had the focus (ask for `controls` before), or says so.
   */
  skips() {
    const link = this.#active();
    if (link?.localName !== "a" || typeof link.href !== "string" || !/^#[^/!]/.test(link.hash)) return null;
    if (link.origin !== location.origin || link.pathname !== location.pathname) return null;
    const id = decodeURIComponent(link.hash.slice(1));
    const target = targetOf(id);
    const leads = target && (target.matches("main, [role=main]") || target.querySelector("main, [role=main]"));
    const says = /\b(skip|jump|bypass)\b/i.test(`${link.innerText} ${link.className}`);
    if ((id === "top" && !target) || !(leads || says || this.#operable.get(link) === false)) return null;
    return { name: nameOf(link), target: id, found: Boolean(target) };
  }

  /** What has the focus, if it comes before the target of that id; or nothing. */
  before(id) {
    const element = this.#active();
    if (!element) return "";
    const top = [...outwards(element)].find((one) => one.getRootNode() === document);
    const after = Node.DOCUMENT_POSITION_FOLLOWING | Node.DOCUMENT_POSITION_CONTAINED_BY;
    const target = targetOf(id);
    return !target || target === top || target.compareDocumentPosition(top) & after ? "" : nameOf(element);
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
    if (/^(body|html)$/.test(element.localName)) return false; // an editor's frame takes the focus itself
    if (element.matches(":disabled, [aria-disabled=true]") || !isVisible(element)) return false;
    if (isWithin(element, "[inert], [aria-hidden=true]")) return false; // with focus, axe's business: "aria-hidden-focus"
    if (aroundOf(element)?.isContentEditable) return false; // what is written, not what is operated
    if (element.matches(CONTROL)) return true;
    const acts = typeof element.onclick === "function" && element.localName !== "label" &&
      (!DOES_NOTHING.test(element.onclick) || getComputedStyle(element).cursor === "pointer");
    // around or within a control it is a convenience; without words and pictures it is a backdrop
    return acts && !element.parentElement?.closest(CONTROL) && !element.querySelector(`${CONTROL}, [tabindex]`) &&
      Boolean(element.innerText?.trim() || element.querySelector("img, svg"));
  }

  #tell(element) {
    const box = element.getBoundingClientRect();
    const inFrame = element.ownerDocument !== document;
    return {
      number: this.#numberOf(element),
      name: nameOf(element),
      why: this.#why(element),
      seen: this.#operable.get(element) ?? true,
      group: this.#groupOf(element),
      around: [...outwards(element)].slice(1).filter((one) => this.#operable.has(one)).map((one) => this.#numberOf(one)),
      href: element.localName === "a" ? element.href.baseVal ?? element.href : "",
      place: inFrame ? null : { top: box.top + scrollY, bottom: box.bottom + scrollY },
      foreign: isOpaque(element),
      modal: isWithin(element, DIALOG),
    };
  }

  #numberOf(element) {
    const number = this.#known.indexOf(element);
    return number < 0 ? this.#known.push(element) - 1 : number;
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
    const composite = [...outwards(element)].findLast((one) => one.matches(COMPOSITE)); // a toolbar's keys move in all of it
    if (composite) return `${composite.getAttribute("role")} ${this.#numberOf(composite)}`;
    const isLeftOut = element.matches("button[tabindex='-1'], [role=button][tabindex='-1']");
    const field = element.matches(FIELD) ? element : isLeftOut ? fieldBeside(element) : null;
    return field ? `field ${this.#numberOf(field)}` : "";
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

/** What a link to #id leads to: an element of that id, or an anchor of that name. */
function targetOf(id) {
  return document.getElementById(id) ?? document.getElementsByName(id)[0] ?? null;
}

/** The one field in whose box a button stands, or nothing. */
function fieldBeside(button) {
  for (const around of [...outwards(button)].slice(1, 1 + FIELD_DEPTH)) {
    const fields = around.querySelectorAll(`${FIELD}, ${WRITTEN}`);
    if (fields.length) return fields.length === 1 && fields[0].matches(FIELD) ? fields[0] : null;
  }
  return null;
}

/** Whether the focus moves inside without our seeing where: other origins' frames, plug-ins, closed shadow roots. */
function isOpaque(element) {
  if (/^(i?frame|object|embed)$/.test(element.localName)) return !documentIn(element);
  return Boolean(customElements.get(element.localName)) && !element.shadowRoot;
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
  return /^none$|transparent|rgba\([^)]*, ?0(?:\.0+)?\)|\/ ?0(?:\.0+)?\)/.test(colour);
}
