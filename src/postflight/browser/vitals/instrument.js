// Writes down what the browser's performance timeline says, from before the page's first script on. Judges nothing.
//
// It is put into the page by the browser, not by markup: no Content-Security-Policy is asked, and it uses no sink that
// Trusted Types guard. Every list is bounded.
(() => {
  if (self !== top || Object.hasOwn(self, "__postflightVitals")) return;

  // As the browser has them: pages replace what they like, for tests of their own or for old browsers.
  const [onFrame, later] = [requestAnimationFrame.bind(self), setTimeout.bind(self)];
  const [now, entriesOf] = [performance.now.bind(performance), performance.getEntriesByType.bind(performance)];

  const MOST = 1000; // entries of each kind
  const MOST_NODES = 5; // of one layout shift; the browser tells no more
  const record = { candidates: [], shifts: [], events: [], tasks: [], scripts: [], dropped: 0 };
  let firstContentfulPaint = null;
  let hidden = document.visibilityState === "hidden";
  document.addEventListener("visibilitychange", () => { hidden ||= document.visibilityState === "hidden"; }, true);

  const keep = (name, item) => {
    if (record[name].length < MOST) record[name].push(item);
    else if (name !== "scripts") record.dropped += 1; // they only name causes
  };

  /** A node as a person would name it: `img.hero`, `#save`, `section.features > p`. */
  const describe = (node) => {
    let element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const parts = [];
    for (; element?.nodeType === Node.ELEMENT_NODE && parts.length < 3; element = element.parentElement) {
      const tag = element.localName;
      const marks = element.id ? `#${element.id}` : [...element.classList].slice(0, 2).map((name) => `.${name}`).join("");
      parts.unshift(`${tag}${marks}`.slice(0, 60));
      if (marks || tag === "body") break;
    }
    return parts.join(" > ");
  };

  /** What stands now where a node stood before it shifted: mostly what pushed it away. */
  const successor = (node, { left, top, width, height }) => {
    if (!width || !height) return "";
    const found = document.elementFromPoint(left + width / 2, Math.max(1, top + 1));
    const own = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    return !found || found.contains(own) || own?.contains(found) ? "" : describe(found);
  };

  // A rectangle is what of it is in view; of one that is out of view the browser does not tell where it is.
  const moved = ({ node, previousRect: from, currentRect: to }) => ({
    element: describe(node) || "a removed node",
    moved: from.width && to.width ? Math.round(Math.hypot(to.left - from.left, to.top - from.top)) : 0,
    replaced_by: successor(node, from),
  });

  const takes = {
    paint: (entry) => {
      if (entry.name === "first-contentful-paint") firstContentfulPaint = entry.startTime;
    },
    "largest-contentful-paint": (entry) =>
      keep("candidates", {
        at: entry.startTime,
        element: describe(entry.element) || (entry.id && `#${entry.id}`) || "a removed element",
        url: entry.url ?? "",
        lazy: entry.element?.loading === "lazy",
      }),
    "layout-shift": (entry) =>
      keep("shifts", {
        at: entry.startTime,
        value: entry.value,
        recent_input: entry.hadRecentInput,
        nodes: entry.sources.slice(0, MOST_NODES).map(moved),
      }),
    event: (entry) => {
      if (!entry.interactionId) return;
      keep("events", {
        interaction: entry.interactionId,
        kind: entry.name,
        target: describe(entry.target) || "a removed element",
        start: entry.startTime,
        duration: entry.duration,
        processing_start: entry.processingStart,
        processing_end: entry.processingEnd,
      });
    },
    longtask: ({ startTime, duration }) => keep("tasks", { start: startTime, duration }),
    "long-animation-frame": (entry) => {
      for (const run of entry.scripts) {
        keep("scripts", {
          url: run.sourceURL ?? "",
          invoker: run.invoker ?? "",
          function: run.sourceFunctionName ?? "",
          start: run.startTime,
          duration: run.duration,
          forced_layout: run.forcedStyleAndLayoutDuration,
        });
      }
    },
  };
  takes["first-input"] = takes.event;

  const observers = Object.keys(takes).flatMap((type) => {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return [];
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(takes[type]));
    // the shortest events that the browser tells at all; the very first one it tells in any case, as first-input
    observer.observe({ type, buffered: true, ...(type === "event" && { durationThreshold: 16 }) });
    return [[type, observer]];
  });
  const take = () => {
    for (const [type, observer] of observers) observer.takeRecords().forEach(takes[type]);
  };

  const frame = () => new Promise((done) => onFrame(() => later(done)));

  performance.setResourceTimingBufferSize(MOST);

  const navigation = () => {
    const entry = entriesOf("navigation")[0];
    return {
      kind: entry.type,
      activation_start: entry.activationStart ?? 0,
      redirects: entry.redirectEnd - entry.redirectStart,
      name_lookup: entry.domainLookupEnd - entry.domainLookupStart,
      connect: entry.connectEnd - entry.connectStart,
      request_start: entry.requestStart,
      response_start: entry.responseStart,
      response_end: entry.responseEnd,
      load_end: entry.loadEventEnd,
    };
  };

  const resources = () =>
    entriesOf("resource").slice(0, MOST).map((entry) => ({
      url: entry.name.slice(0, 500),
      initiator: entry.initiatorType,
      start: entry.startTime,
      request_start: entry.requestStart,
      response_end: entry.responseEnd,
      transferred: entry.transferSize,
      blocking: entry.renderBlockingStatus === "blocking",
    }));

  Object.defineProperty(self, "__postflightVitals", {
    value: Object.freeze({
      /** Something is painted (or the deadline has passed), and what the browser had to tell of it has been told. */
      async painted(deadline) {
        const until = now() + deadline;
        do {
          await frame();
          await frame();
          take();
        } while ((firstContentfulPaint === null || !record.candidates.length) && now() < until);
        return now();
      },

      /**
       * Resolve to whether the browser has told of an interaction. Forces frames meanwhile: an interaction ends with the
       * next frame, and without one its entry never comes.
       */
      async interacted(deadline) {
        const until = now() + deadline;
        for (let quiet = 0, before = record.events.length; now() < until; ) {
          await frame();
          take();
          quiet = record.events.length === before ? quiet + 1 : 0;
          before = record.events.length;
          if (before && quiet >= 3) return true;
        }
        return record.events.length > 0;
      },

      read() {
        take();
        return {
          ...record,
          navigation: navigation(),
          first_contentful_paint: firstContentfulPaint,
          resources: resources(),
          interactions: performance.interactionCount ?? 0,
          elements: document.getElementsByTagName("*").length,
          hidden,
        };
      },
    }),
  });
})();
