// What becomes of what people asked their system for: dark colours, little motion.

const MOVES = /^(transform|translate|rotate|scale|top|right|bottom|left|inset|margin|width|height|offset[A-Z]|backgroundPosition|strokeDash)/;
const LONG = 5; // seconds: WCAG 2.2.2

class Preferences {
  /** Where the page says that it knows dark colours, or nothing. */
  dark() {
    const meta = document.querySelector("meta[name=color-scheme i]")?.content ?? "";
    if (/\bdark\b/.test(meta)) return "meta color-scheme";
    if (/\bdark\b/.test(getComputedStyle(document.documentElement).colorScheme)) return "color-scheme of its root";
    return rules().some((rule) => /prefers-color-scheme:\s*dark/.test(rule.conditionText ?? "")) ? "a rule for prefers-color-scheme: dark" : "";
  }

  /** The colours behind the page at points all over the window: [red, green, blue] of 255, or null for a picture. */
  backgrounds() {
    const found = [];
    for (let row = 0.5; row < 6; row++) {
      for (let column = 0.5; column < 6; column++) {
        found.push(colourAt((innerWidth * column) / 6, (innerHeight * row) / 6));
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
    const [red, green, blue, alpha = 1] = (style.backgroundColor.match(/^rgba?\((.*)\)/)?.[1] ?? "0, 0, 0, 0").split(/[ ,/]+/).map(Number);
    if (alpha > 0.5) return [red, green, blue];
  }
  return /\bdark\b/.test(getComputedStyle(document.documentElement).colorScheme) && matchMedia("(prefers-color-scheme: dark)").matches
    ? [18, 18, 18] : [255, 255, 255]; // the browser's own
}
