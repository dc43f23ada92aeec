// Counts the time worked on while a working day is open. The server says how many seconds it was ([data-counts]); the browser only adds what passed
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

// After a click the same place holds the next button. The second half of a double click is not meant for it.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("[data-one-click]")) event.preventDefault();
}, true);

document.addEventListener("DOMContentLoaded", count);
document.addEventListener("visibilitychange", count);
document.addEventListener("htmx:after:swap", count);
setInterval(count, STEP_MS);
