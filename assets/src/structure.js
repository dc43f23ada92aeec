// The picture of the structure: zoom by buttons, keys, wheel and two fingers; open all, close all, print. Without this file it is drawn whole,
// opens by its own <details>, and the browser's zoom does the rest.
const LEAST = 0.3;
const MOST = 2;
const STEP = 1.2;

function start(chart) {
  const sheet = chart.firstElementChild;
  const tools = document.querySelector("[data-chart-tools]");
  const shown = tools.querySelector("output");
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
  let factor = 1;

  // `about` is a point of the window that stays where it is.
  function zoom(wanted, about) {
    const next = Math.min(MOST, Math.max(LEAST, wanted));
    const box = chart.getBoundingClientRect();
    const [x, y] = about ?? [box.left + box.width / 2, Math.max(box.top, 0)];
    const before = sheet.getBoundingClientRect();
    sheet.style.zoom = next;
    const after = sheet.getBoundingClientRect();
    const grown = next / factor;
    chart.scrollLeft += after.left - x + (x - before.left) * grown;
    window.scrollBy({ top: after.top - y + (y - before.top) * grown, behavior: "instant" });
    factor = next;
    shown.textContent = percent.format(factor);
  }

  function fit() {
    zoom(1);
    zoom(Math.min(1, Math.floor(chart.clientWidth / chart.scrollWidth * 100) / 100));
  }

  const acts = {
    in: () => zoom(factor * STEP), out: () => zoom(factor / STEP), fit, print: () => window.print(),
    open: () => chart.querySelectorAll("details").forEach((one) => { one.open = true; }),
    close: () => chart.querySelectorAll("details").forEach((one) => { one.open = false; }),
  };
  tools.addEventListener("click", (event) => acts[event.target.closest("[data-chart-act]")?.dataset.chartAct]?.());

  if (CSS.supports("zoom", "1.5")) {
    const keys = { "+": acts.in, "-": acts.out, "0": () => zoom(1) };
    chart.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    // A touchpad's pinch arrives as a wheel with Ctrl.
    chart.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(factor * Math.exp(-event.deltaY / 200), [event.clientX, event.clientY]);
    }, { passive: false });
    let pinch = null;
    const apart = ([one, two]) => Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
    chart.addEventListener("touchstart", (event) => {
      pinch = event.touches.length === 2 ? { apart: apart(event.touches), factor } : null;
    }, { passive: true });
    chart.addEventListener("touchmove", (event) => {
      if (!pinch || event.touches.length !== 2) return;
      event.preventDefault();
      const [one, two] = event.touches;
      zoom(pinch.factor * apart(event.touches) / pinch.apart, [(one.clientX + two.clientX) / 2, (one.clientY + two.clientY) / 2]);
    }, { passive: false });
    shown.textContent = percent.format(1);
  } else {
    tools.querySelector("[data-chart-zoom]").hidden = true;
  }

  tools.hidden = false;
  // Paper has its own width.
  window.addEventListener("beforeprint", () => { sheet.style.zoom = 1; });
  window.addEventListener("afterprint", () => { sheet.style.zoom = factor; });
  const own = chart.querySelector(".chart-card:has(.tag)");
  if (own && chart.scrollWidth > chart.clientWidth) {
    chart.scrollLeft += (own.getBoundingClientRect().left + own.getBoundingClientRect().right - chart.getBoundingClientRect().left - chart.getBoundingClientRect().right) / 2;
  }
}

document.querySelectorAll("[data-chart]").forEach(start);
