// The one connection of a session's tabs to the portal's event stream. A SharedWorker; where there is none, each tab loads this file for itself.
// It belongs to one session (`tag`): the server refuses it as soon as the browser's cookie is another's, and it ends.
const POLL = "/live/poll";
const OVER = [401, 403, 404, 409, 421];   // no session, or another's: trying again changes nothing
const SILENCE_MS = 45_000;                // two heartbeats and some
const LIVED_MS = 10_000;
const LONGEST_PAUSE_MS = 20_000;
const REMEMBERED_MS = 60_000;
const name = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const tabs = new Map();                   // port: {address, tag, pages, opened}
let heard = [];                           // [{at, event}] for a tab that was drawn before it came here
let cursor, controller, opened = [], isRunning = false, isOver = false, isWished = false, fails = 0;

function bring(event) {
  heard = [...heard.filter(({ at }) => at > Date.now() - REMEMBERED_MS), { at: Date.now(), event }].slice(-200);
  for (const port of tabs.keys()) port.postMessage(event);
}

function connect(port) {
  port.onmessage = ({ data }) => (data.bye ? tabs.delete(port) : welcome(port, data));
}

function welcome(port, tab) {
  if (!tabs.has(port)) {
    // From a second before its page was asked for: twice is better than not at all.
    heard.filter(({ at }) => at > tab.opened - 1000).forEach(({ event }) => port.postMessage(event));
    isOver = false;     // web has just drawn a page for this session
  }
  tabs.set(port, tab);
  if (!isRunning) run();
  else if (tab.pages.some((token) => !opened.includes(token))) {
    isWished = true;
    controller?.abort();
  }
}

function question() {
  const [{ tag }] = tabs.values();
  opened = [...new Set([...tabs.values()].flatMap((tab) => tab.pages))].slice(-20);
  const query = new URLSearchParams({ tag, worker: name });
  if (cursor === undefined) query.set("age", Math.round(Date.now() - Math.min(...[...tabs.values()].map((tab) => tab.opened))));
  else query.set("after", cursor);
  opened.forEach((token) => query.append("page", token));
  return query;
}

async function stream() {
  const [{ address }] = tabs.values();
  controller = new AbortController();
  let watch = setTimeout(() => controller.abort(), SILENCE_MS);
  try {
    const answer = await fetch(`${address}?${question()}`, { credentials: "include", cache: "no-store", signal: controller.signal });
    isOver = OVER.includes(answer.status);
    if (!answer.ok) return false;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { done, value } = await reader.read();
      if (done) return true;
      clearTimeout(watch);
      watch = setTimeout(() => controller.abort(), SILENCE_MS);
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      blocks.forEach(take);
    }
  } finally {
    clearTimeout(watch);
  }
}

function take(block) {
  const field = (name) => block.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
  if (field("event")) bring({ type: field("event"), ...JSON.parse(field("data")) });
  cursor = field("id") ?? cursor;
}

async function poll() {
  const answer = await fetch(`${POLL}?${question()}`, { redirect: "manual", cache: "no-store" });
  // A redirect leads to the login.
  isOver = answer.type === "opaqueredirect" || OVER.includes(answer.status);
  if (!answer.ok) return;
  if (answer.status === 200) (await answer.json()).events.forEach(bring);
  cursor = answer.headers.get("Live-After") ?? cursor;
}

async function run() {
  isRunning = true;
  while (tabs.size && !isOver) {
    const begun = Date.now();
    await stream().catch(() => {});
    if (isOver) break;
    if (isWished) {     // for the pages of a tab that has come
      isWished = false;
      await pause(100);
      continue;
    }
    const hasLived = Date.now() - begun > LIVED_MS;
    fails = hasLived ? 0 : fails + 1;
    if (!hasLived && tabs.size) await poll().catch(() => {});
    // After a restart of the server everybody comes: each in a moment of his own.
    await pause(Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (fails + 1)) * (0.5 + Math.random()));
  }
  isRunning = false;
}

function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}

if (typeof window === "undefined") self.onconnect = (event) => connect(event.ports[0]);
else window.liveConnect = connect;
