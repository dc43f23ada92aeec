// What a reader sees wrong: texts outside the brackets of the pseudo-locale, texts over each other, texts cut off.
window.layout = (() => {
  const texts = (root = document.body) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) if (!walker.currentNode.parentElement.closest("script, style, template")) found.push(walker.currentNode);
    return found;
  };
  // What no language changes: commands, keys, names of people's own, and texts that say which language they are in.
  const OWN = "code, kbd, samp, [translate=no], [lang]:not(html)";

  const outside = (text, depth) => {
    let left = "";
    for (const char of text) {
      if (char === "⟦") depth += 1;
      else if (char === "⟧") depth -= 1;
      else if (!depth) left += char;
    }
    return [left, depth];
  };

  function untranslated() {
    let depth = 0, left;
    const found = [];
    for (const node of texts()) {
      [left, depth] = outside(node.data, depth);
      if (!node.parentElement.closest(OWN)) found.push(left.trim());
    }
    for (const element of document.querySelectorAll("[title], [aria-label], [placeholder], [alt], [data-label]")) {
      if (element.closest(OWN)) continue;
      for (const name of ["title", "aria-label", "placeholder", "alt", "data-label"]) found.push(outside(element.getAttribute(name) ?? "", 0)[0].trim());
    }
    return [...new Set(found.concat(outside(document.title, 0)[0].split("·").map((one) => one.trim())))].filter((text) => /\p{Script=Latin}{2}/u.test(text));
  }

  const isForEarsAlone = (element) => {
    for (let one = element; one; one = one.parentElement) {
      if (one.offsetWidth <= 1 && one.offsetHeight <= 1 && getComputedStyle(one).overflowX === "hidden") return true;
    }
    return false;
  };
  const isShown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest("option") && !isForEarsAlone(element);
  const floats = (element) => {
    for (let one = element; one; one = one.parentElement) if (["fixed", "sticky"].includes(getComputedStyle(one).position)) return one;
    return null;
  };

  function overlapping() {
    const boxes = [];
    for (const node of texts()) {
      if (!node.data.trim() || !isShown(node.parentElement)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const { left, right, top, bottom } of range.getClientRects()) boxes.push({ left, right, top, bottom, text: node.data.trim(), parent: node.parentElement, over: floats(node.parentElement) });
    }
    const found = [];
    boxes.forEach((one, place) => boxes.slice(place + 1).forEach((other) => {
      // What floats lies over the page on purpose.
      if (one.parent === other.parent || one.over !== other.over) return;
      const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (width > 3 && height > 0.4 * Math.min(one.bottom - one.top, other.bottom - other.top)) found.push(`${one.text} | ${other.text}`);
    }));
    return found;
  }

  function cut() {
    return [...document.body.querySelectorAll("*")].filter((element) => {
      const style = getComputedStyle(element);
      const runsOver = texts(element).some((node) => {
        // What is cut by something nearer is that one's.
        let nearest = node.parentElement;
        while (nearest !== element && !["hidden", "clip"].includes(getComputedStyle(nearest).overflowX)) nearest = nearest.parentElement;
        if (nearest !== element || !node.data.trim() || !isShown(node.parentElement)) return false;
        const range = document.createRange(), box = element.getBoundingClientRect();
        range.selectNodeContents(node);
        return [...range.getClientRects()].some(({ left, right }) => left < box.left - 2 || right > box.right + 2);
      });
      return isShown(element) && runsOver && ["hidden", "clip"].includes(style.overflowX) && style.textOverflow !== "ellipsis"
        && element.clientWidth;
    }).map((element) => element.outerHTML.slice(0, 120));
  }

  return { untranslated, overlapping, cut };
})();
