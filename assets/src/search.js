// The palette: Ctrl+K (or a click on the search button) opens it, arrows walk through what is found, Enter goes there.
import Modal from "@tabler/core/js/src/bootstrap/modal.ts";

const dialog = () => document.getElementById("palette");
const links = () => [...dialog().querySelectorAll("#palette-found a")];

function open(event) {
  if (!dialog()) return;
  event.preventDefault();
  Modal.getOrCreateInstance(dialog()).show();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") open(event);
  if (!event.target.closest || !event.target.closest("#palette")) return;
  const all = links(), at = all.indexOf(document.activeElement), field = document.getElementById("palette-q");
  if (event.key === "ArrowDown" && all.length) {
    event.preventDefault();
    all[Math.min(at + 1, all.length - 1)].focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    event.preventDefault();
    (all[at - 1] || field).focus();
  } else if (event.key === "Enter" && event.target === field && field.value.trim() && all.length && !event.isComposing) {
    event.preventDefault();
    all[0].click();
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-palette]");
  if (button && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) open(event);
});

document.addEventListener("shown.bs.modal", (event) => {
  if (event.target.id !== "palette") return;
  const field = document.getElementById("palette-q");
  field.focus();
  field.select();
  // htmx starts by a timer of its own: ours comes after it, also for somebody who is faster than the page.
  setTimeout(() => field.dispatchEvent(new Event("palette")));
});
