// The window of the guide. The server sends it open; here it becomes modal: the focus stays inside, Escape closes it, and so does a click beside it.
function raise(event) {
  for (const guide of document.querySelectorAll("dialog[data-guide][open]:not(:modal)")) {
    // Not close(): its event comes late, and would take away what is shown then.
    guide.removeAttribute("open");
    guide.showModal();
    guide.addEventListener("click", (click) => { if (click.target === guide) guide.close(); });
    // Help sends another one. The entry of the menu that brought this one is hidden by now: the focus goes to the menu's button.
    guide.addEventListener("close", () => {
      guide.remove();
      if (event.type !== "DOMContentLoaded") document.getElementById("person-menu").focus();
    }, { once: true });
  }
}

document.addEventListener("DOMContentLoaded", raise);
document.addEventListener("htmx:after:swap", raise);
