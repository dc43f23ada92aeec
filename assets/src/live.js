// Tells this page what changed: `live:<type>` on its body, and `live:<type>:<ref>`, with detail {ref, data}, so that a part of it says
// hx-trigger="live:worktime from:body, live:reset from:body". The connection is the worker's (live-worker.js), one for all tabs of a session.
const { live: address, liveTag: tag, liveWorker: script } = document.body.dataset;
const later = new Map();
let port;

function dispatch({ type, ref, data }) {
  for (const name of ref ? [type, `${type}:${ref}`] : [type]) {
    document.body.dispatchEvent(new CustomEvent(`live:${name}`, { detail: { ref, data } }));
  }
}

// What a crowd hears is fetched by each in his own time, and by a tab that nobody sees when somebody does.
function hear(event) {
  if (!event.spread) return dispatch(event);
  if (document.hidden) return later.set(`${event.type} ${event.ref}`, event);
  setTimeout(dispatch, Math.random() * event.spread, event);
}

function tokens() {
  return [...document.querySelectorAll("[data-live-page]")].map((element) => element.dataset.livePage);
}

function connect() {
  try {
    // By the session's tag: whoever logs in next in this browser gets a worker of his own.
    return new SharedWorker(script, { name: `live ${tag}` }).port;
  } catch {
    const { port1, port2 } = new MessageChannel();
    document.head.append(Object.assign(document.createElement("script"), { src: script, onload: () => window.liveConnect(port2) }));
    return port1;
  }
}

function hello() {
  if (!port) {
    port = connect();
    port.onmessage = ({ data }) => hear(data);
  }
  port.postMessage({ address, tag, pages: tokens(), opened: Date.now() - performance.now() });
}

if (address) {
  hello();
  document.addEventListener("htmx:after:swap", () => {
    if (document.querySelector("[data-live-page]")) hello();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    later.forEach(dispatch);
    later.clear();
  });
  window.addEventListener("pagehide", () => port.postMessage({ bye: true }));
  // Out of the browser's memory of pages: whatever was said meanwhile, this one did not hear it.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    hello();
    dispatch({ type: "reset", ref: "", data: null });
  });
}
