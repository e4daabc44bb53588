// What a small screen makes of a page.

class Layout {
  #before = new Set();

  /** How wide the page is laid out, and how far it can be scrolled sideways, in CSS pixels. */
  width() {
    const root = document.scrollingElement ?? document.documentElement;
    const still = [document.documentElement, document.body].some((element) =>
      element && /hidden|clip/.test(getComputedStyle(element).overflowX));
    return { wide: root.clientWidth, beyond: still ? 0 : root.scrollWidth - root.clientWidth };
  }

  /** Elements that stick out to where the page can be scrolled and are cut off by nothing; of nested ones the innermost. Worst first. */
  sticking() {
    const edge = document.documentElement.clientWidth;
    const leftwards = getComputedStyle(document.documentElement).direction === "rtl";
    const beyond = (element) => {
      const { left, right } = element.getBoundingClientRect();
      return leftwards ? -(left + scrollX) : right + scrollX - edge;
    };
    const out = everything().filter((element) => element.ownerDocument === document && isVisible(element) && beyond(element) > 1 && !isCut(element));
    const inner = out.filter((element) => !out.some((other) => other !== element && element.contains(other)));
    return inner.map((element) => ({ name: nameOf(element), by: Math.round(beyond(element)) }))
      .sort((one, other) => other.by - one.by).slice(0, 20);
  }

  /** The viewport that the page asks for: the content of its last meta element, or null. */
  viewport() {
    return [...document.querySelectorAll("meta[name=viewport i]")].at(-1)?.content ?? null;
  }

  /** Text smaller than so many CSS pixels: element and size, smallest first. */
  small(least) {
    return textual().filter((element) => !element.closest("sub, sup, rt")).map((element) => ({ name: nameOf(element), size: sizeOf(element) }))
      .filter(({ size }) => size > 0 && size < least - 0.01).sort((one, other) => one.size - other.size).slice(0, 50);
  }

  /** Controls smaller than a finger, but for links in running text, and radio buttons and boxes with a label. */
  targets(least) {
    const found = everything().filter((element) => element.matches("a[href], button, input:not([type=hidden]), select, textarea, [role=button]") &&
      isVisible(element) && !element.labels?.length && getComputedStyle(element).display !== "inline");
    return found.map((element) => ({ name: nameOf(element), box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width < least || box.height < least)
      .map(({ name, box }) => ({ name, wide: Math.round(box.width), high: Math.round(box.height) })).slice(0, 50);
  }

  /** Make all text so many times as large, as a browser's text zoom does. */
  enlarge(times) {
    this.#before = new Set(everything().filter(hidesText));
    const sizes = everything().filter((element) => element.style && element.ownerDocument === document)
      .map((element) => [element, Number.parseFloat(getComputedStyle(element).fontSize)]);
    for (const [element, size] of sizes) element.style.setProperty("font-size", `${size * times}px`, "important");
  }

  /** Elements that hide a part of their text only since it is larger. */
  cut() {
    return everything().filter((element) => hidesText(element) && !this.#before.has(element)).map(nameOf).slice(0, 50);
  }
}

/** Elements with text for the eyes: not what is there for screen readers alone, and no drawing, which has a scale of its own. */
function textual() {
  return everything().filter((element) => canBeSeen(element) && !element.closest("svg") &&
    [...element.getClientRects()].some(({ width, height }) => width > 1 && height > 1) &&
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
}

function sizeOf(element) {
  return Math.round(Number.parseFloat(getComputedStyle(element).fontSize) * 100) / 100;
}

function isCut(element) {
  for (let around = element.parentElement; around && around !== document.body; around = around.parentElement) {
    if (getComputedStyle(around).overflowX !== "visible") return true;
  }
  return false;
}

function hidesText(element) {
  const style = getComputedStyle(element);
  return /hidden|clip/.test(`${style.overflowX} ${style.overflowY}`) && isVisible(element) && element.innerText?.trim() &&
    element.clientWidth > 1 && element.clientHeight > 1 &&
    (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1);
}
