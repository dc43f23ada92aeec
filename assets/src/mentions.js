// Behind an @ in a comment opens who can be mentioned: arrows choose, Enter or Tab takes, Escape closes. Without it the name is typed.
const PATTERN = /(?:^|[^\p{L}\p{N}_@])@([^\s@][^@\n]{0,60})?$/u;
let asked = 0;

const listOf = (field) => field.parentElement.querySelector(".mentions");
const options = (field) => [...listOf(field).querySelectorAll("[role=option]")];

function typed(field) {
  const found = PATTERN.exec(field.value.slice(0, field.selectionStart));
  return found && field.selectionStart === field.selectionEnd ? found[1] || "" : null;
}

function close(field) {
  asked += 1;
  listOf(field).hidden = true;
  listOf(field).replaceChildren();
  field.removeAttribute("aria-activedescendant");
  field.removeAttribute("aria-controls");
}

function choose(field, option) {
  options(field).forEach((one) => one.setAttribute("aria-selected", String(one === option)));
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function take(field, option) {
  const start = field.selectionStart - typed(field).length - 1;
  field.setRangeText(`${option.dataset.mention} `, start, field.selectionStart, "end");
  close(field);
  field.focus();
}

async function ask(field) {
  const words = typed(field), mine = (asked += 1);
  if (words === null) return close(field);
  await new Promise((done) => setTimeout(done, 120));
  if (mine !== asked) return;
  const answer = await fetch(`${field.dataset.mentions}&q=${encodeURIComponent(words)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (mine !== asked || !field.isConnected) return;
  const body = new DOMParser().parseFromString(answer?.ok ? await answer.text() : "", "text/html").body;
  if (mine !== asked) return;
  if (!body.querySelector("[role=option]")) return close(field);
  listOf(field).replaceChildren(...body.childNodes);
  listOf(field).hidden = false;
  listOf(field).firstElementChild.id = `${field.id}-mentions`;
  field.setAttribute("aria-controls", `${field.id}-mentions`);
  choose(field, options(field)[0]);
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-mentions]") && !event.isComposing) ask(event.target);
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.matches?.("[data-mentions]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return field.form.requestSubmit();
  const all = options(field), at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (!all.length || event.isComposing) return;
  if (event.key === "Escape") close(field);
  else if (event.key === "ArrowDown") choose(field, all[(at + 1) % all.length]);
  else if (event.key === "ArrowUp") choose(field, all[(at - 1 + all.length) % all.length]);
  else if (event.key === "Enter" || event.key === "Tab") take(field, all[at]);
  else return;
  event.preventDefault();
});

// Before the field loses the focus to the list.
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest?.(".mentions [role=option]");
  if (!option) return;
  event.preventDefault();
  take(option.closest(".mentions").parentElement.querySelector("[data-mentions]"), option);
});

document.addEventListener("focusout", (event) => {
  if (event.target.matches?.("[data-mentions]") && !listOf(event.target).hidden) close(event.target);
});
