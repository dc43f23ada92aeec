// Counts the time worked on while a working day is open, and moves its picture on. The server says how many seconds it was ([data-counts]); the browser only adds what passed
// since, by differences of its own clock, so a wrong clock and a laptop that slept do not matter.
const STEP_MS = 10_000;
let shown = new Map();

function count() {
  const before = shown;
  shown = new Map();
  for (const element of document.querySelectorAll("[data-counts]")) {
    const seconds = Number(element.dataset.counts);
    const known = before.get(element);
    const since = known?.seconds === seconds ? known.since : Date.now();
    shown.set(element, { seconds, since });
    const minutes = Math.floor((seconds + (Date.now() - since) / 1000) / 60);
    const figures = [String(Math.floor(minutes / 60)), String(minutes % 60).padStart(2, "0")];
    // Only the figures change: the words around them are the server's, in the person's language.
    const text = element.textContent.replace(/\d+/g, (figure) => figures.shift() ?? figure);
    if (text !== element.textContent) element.textContent = text;
  }
}

// The strip of a running day: its mark moves on, and the part that lasts grows, until the hours that are drawn are over.
const drawn = new WeakMap();

function moveOn() {
  for (const strip of document.querySelectorAll("[data-now]")) {
    const { now, span } = strip.dataset;
    if (drawn.get(strip)?.now !== now) drawn.set(strip, { now, since: Date.now() });
    const at = Math.min(1, (Number(now) + (Date.now() - drawn.get(strip).since) / 1000) / Number(span));
    const isMirrored = document.documentElement.dir === "rtl";
    const place = `${(isMirrored ? 1 - at : at) * 100}%`;
    const mark = strip.querySelector(".worktime-mark");
    mark.setAttribute("x1", place);
    mark.setAttribute("x2", place);
    const part = strip.querySelector("[data-grows]");
    if (!part) continue;
    const [x, width] = ["x", "width"].map((name) => parseFloat(part.getAttribute(name)) / 100);
    const begun = isMirrored ? 1 - x - width : x;
    part.setAttribute("width", `${Math.max(0, at - begun) * 100}%`);     // the server counts whole seconds
    if (isMirrored) part.setAttribute("x", place);
  }
}

// After a click the same place holds the next button. The second half of a double click is not meant for it.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("[data-one-click]")) event.preventDefault();
}, true);

function step() {
  count();
  moveOn();
}

document.addEventListener("DOMContentLoaded", step);
document.addEventListener("visibilitychange", step);
document.addEventListener("htmx:after:swap", step);
setInterval(step, STEP_MS);
