// What a page is made of, as JSON. Evaluated once, in a world of its own; MOST is put in by whoever sends it.
(async () => {
  const sized = async image => {
    if (!image.srcset && !image.closest('picture')) return [image.naturalWidth, image.naturalHeight];
    const plain = new Image();  // in a srcset, naturalWidth is divided by the candidate's density
    plain.src = image.currentSrc;
    await Promise.race([plain.decode().catch(() => {}), new Promise(done => setTimeout(done, 1000))]);
    return [plain.naturalWidth, plain.naturalHeight];
  };
  // the box in which it is laid out: a transform may show it small for a moment, and large in the next
  const images = await Promise.all([...document.images].slice(0, MOST).map(
    async image => ({url: image.currentSrc, natural: await sized(image), box: [image.width, image.height]})));

  const files = {};
  let unread = false;
  const whole = (url, base) => { try { return new URL(url, base).href } catch { return '' } };
  const gather = (owner, base, depth) => {
    let rules = [];
    try { rules = owner.cssRules ?? [] } catch { unread = true }  // of another origin
    const here = owner.href ?? base;
    for (const rule of rules) if (rule instanceof CSSFontFaceRule) {
      const family = rule.style.getPropertyValue('font-family').replace(/["']/g, '');
      const urls = [...rule.style.getPropertyValue('src').matchAll(/url\(["']?([^"')]+)/g)];
      (files[family] ??= []).push(...urls.map(found => whole(found[1], here)));
    } else if (depth < 8) gather(rule.styleSheet ?? rule, here, depth + 1);  // @import, @layer, @media ...
  };
  for (const sheet of [...document.styleSheets, ...document.adoptedStyleSheets]) gather(sheet, document.baseURI, 0);
  const faces = [...document.fonts].filter(face => face.status === 'loaded' || face.status === 'loading')
    .slice(0, MOST).map(face => ({family: face.family.replace(/["']/g, ''), display: face.display}))
    .map(face => ({...face, urls: files[face.family] ?? (unread ? null : [])}));

  const below = [];
  let shown = false;
  const isShown = each => { const box = each.getBoundingClientRect(); return box.width > 0 && box.height > 0 };
  for (const each of document.body?.getElementsByTagName('*') ?? []) {
    const names = each.localName === 'script' ? each.src : each.localName === 'link' ? each.href : '';
    if (names && shown && below.length < MOST) below.push(names);
    shown ||= !each.firstElementChild && isShown(each);
  }

  const timings = performance.getEntries().filter(entry => 'encodedBodySize' in entry);
  return JSON.stringify({
    elements: document.getElementsByTagName('*').length, pixels: devicePixelRatio, images, faces, below,
    // 300 is what the head of an answer is taken for: then only that has come, and the body was here already
    timings: timings.map(each => [each.name, each.transferSize === 300 ? 0 : each.encodedBodySize, each.duration / 1000]),
  });
})()
