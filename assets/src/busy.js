// A login that finds the directory's queue full is answered 503 "busy" with the form in it: the page sends itself again, three times at most.
// The password is still only in the form that the person filled; nothing is stored.
const TRIES = 3;

async function sendAgain(form) {
  const notice = form.querySelector("[data-busy-notice]");
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    if (notice) notice.hidden = false;
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
    // Let in: the server has cleaned the field `next` to one of our own pages before it drew this form.
    if (answer.type === "opaqueredirect") return window.location.assign(form.elements.next.value || "/");
    if (answer.status !== 503 || !answer.headers.has("Retry-After")) return showAnswer(answer);
    if (attempt === TRIES) return showAnswer(answer);
    await new Promise((done) => setTimeout(done, Number(answer.headers.get("Retry-After")) * 1000));
  }
}

async function showAnswer(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.title = page.title;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  document.querySelector("[autofocus]")?.focus();
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-resend]")) return;
  event.preventDefault();
  event.submitter?.setAttribute("disabled", "");
  sendAgain(event.target).catch(() => HTMLFormElement.prototype.submit.call(event.target));
});
