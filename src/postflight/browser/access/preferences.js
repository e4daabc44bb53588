// What becomes of what people asked their system for: dark colours, little motion.

const MOVES = /^(transform|translate|rotate|scale|top|right|bottom|left|inset|margin|width|height|offset[A-Z]|backgroundPosition|strokeDash)/;
const LONG = 5; // seconds: WCAG 2.2.2

class Preferences {
  /** Where the page says that it knows dark colours, or nothing. */
  dark() {
    const meta = document.querySelector("meta[name=color-scheme i]")?.content ?? "";
    if (/\bdark\b/.test(meta)) return "meta color-scheme";
    if (/\bdark\b/.test(getComputedStyle(document.documentElement).colorScheme)) return "color-scheme of its root";
    return rules().some(darkensPage) ? "a rule for prefers-color-scheme: dark" : "";
  }

  /** Points all over the window, and the colour behind the page there: [red, green, blue] of 255, or null for a picture. */
  backgrounds() {
    const found = [];
    for (let row = 0.5; row < 6; row++) {
      for (let column = 0.5; column < 6; column++) {
        const [x, y] = [Math.floor((innerWidth * column) / 6), Math.floor((innerHeight * row) / 6)];
        found.push({ x, y, colour: colourAt(x, y) });
      }
    }
    return found;
  }

  /** What moves by itself for longer than a moment: its element, and for how long (null: for ever). */
  moving() {
    return document.getAnimations().filter((one) => one.playState === "running" && isMotion(one)).map((one) => {
      const seconds = one.effect.getComputedTiming().endTime / 1000;
      return { name: nameOf(one.effect.target), seconds: Number.isFinite(seconds) ? seconds : null, what: one.animationName ?? "a script's" };
    }).filter(({ seconds }) => seconds === null || seconds > LONG);
  }
}

function isMotion(animation) {
  const target = animation.effect?.target;
  if (!target || !isVisible(target) || target.closest("[role=progressbar], [aria-busy=true], progress")) return false;
  return animation.effect.getKeyframes().some((frame) => Object.keys(frame).some((name) => MOVES.test(name)));
}

/** Whether a rule is for dark colours and gives the page, or what fills it, another background; a logo alone is no promise. */
function darkensPage(rule) {
  if (!/prefers-color-scheme:\s*dark/.test(rule.conditionText ?? "")) return false;
  return rules([rule]).some(({ selectorText, style }) => selectorText && style &&
    (style.backgroundColor || style.background || style.colorScheme) && fillsPage(selectorText));
}

function fillsPage(selector) {
  try {
    return [...document.querySelectorAll(selector)].some((element) => {
      const { width, height } = element.getBoundingClientRect();
      return element === document.documentElement || element === document.body || width * height >= (innerWidth * innerHeight) / 2;
    });
  } catch {
    return false; // a selector within another one
  }
}

function rules(list = document.styleSheets) {
  return [...list].flatMap((sheet) => {
    try {
      return [...sheet.cssRules].flatMap((rule) => (rule.cssRules ? [rule, ...rules([rule])] : rule.styleSheet ? [rule, ...rules([rule.styleSheet])] : []));
    } catch {
      return []; // of another origin
    }
  });
}

function colourAt(x, y) {
  for (const element of document.elementsFromPoint(x, y)) {
    const style = getComputedStyle(element);
    if (style.backgroundImage !== "none" || /^(img|video|canvas|svg|iframe)$/.test(element.localName)) return null;
    const [red, green, blue, alpha] = pixelOf(style.backgroundColor);
    if (alpha > 127) return [red, green, blue];
  }
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  const known = scheme === "normal" ? document.querySelector("meta[name=color-scheme i]")?.content ?? "" : scheme;
  return /\bdark\b/.test(known) && matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255]; // the browser's own
}

/** A colour of CSS however it is written (oklch, color-mix), as red, green, blue and alpha of 255. */
function pixelOf(colour) {
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return [...pen.getImageData(0, 0, 1, 1).data];
}
