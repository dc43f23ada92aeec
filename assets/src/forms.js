// Small manners of forms. Every form works without them.

// A double click sends one form; the request key would refuse the second effect anyway, this spares the person the wait.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.matches("[hx-post], [hx-get], [method=get], [method=dialog]")) return;
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 4000);
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// Show or hide what was typed into a password field.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === "text";
  field.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
});

// Filters apply when a choice changes.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

// After htmx swapped a form with errors, the first wrong field gets the focus, as after a full page load.
document.addEventListener("htmx:after:swap", () => {
  if (document.activeElement && document.activeElement !== document.body) return;
  document.querySelector("[aria-invalid=true]")?.focus();
});

// On the phone the row of pages is wider than the screen: the one we are on must be in sight.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".subnav [aria-current]").forEach((here) => here.scrollIntoView({ block: "nearest", inline: "center" }));
});
