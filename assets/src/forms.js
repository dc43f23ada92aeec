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

// How a directory is encrypted follows its address, where the two would not fit. Before htmx, which tries what the form holds.
document.addEventListener("change", (event) => {
  const choice = document.getElementById(event.target.dataset?.encryption);
  if (!choice) return;
  const schemes = new Set(event.target.value.split("\n").map((line) => line.trim().toLowerCase().split("://")[0]).filter(Boolean));
  if (schemes.size !== 1) return;
  if (schemes.has("ldaps")) choice.value = "ldaps";
  if (schemes.has("ldap") && choice.value === "ldaps") choice.value = "starttls";
}, true);

// Filters apply when a choice changes.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

// The first wrong field gets the focus and comes into sight: a long form begins at its top again, where nothing says that it was refused.
function showWrong() {
  const wrong = document.querySelector("[aria-invalid=true]");
  if (!wrong || document.querySelector("[autofocus]") || (document.activeElement && document.activeElement !== document.body)) return;
  wrong.closest("details")?.setAttribute("open", "");
  wrong.focus({ preventScroll: true });
  wrong.scrollIntoView({ block: "center" });
}
document.addEventListener("DOMContentLoaded", showWrong);
document.addEventListener("htmx:after:swap", showWrong);

// On the phone the row of pages is wider than the screen: the one we are on must be in sight.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".subnav [aria-current]").forEach((here) => here.scrollIntoView({ block: "nearest", inline: "center" }));
});

// A file that the portal would refuse for its size need not travel first.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (!field.matches("input[type=file][data-most]")) return;
  const size = [...field.files].reduce((sum, file) => sum + file.size, 0);
  field.setCustomValidity(size > Number(field.dataset.most) ? field.dataset.tooMuch : "");
  field.reportValidity();
  if (field.matches("[data-photo]")) showPhoto(field);
});

// The chosen picture in the round, before it is sent; the middle of it, as the portal will cut it.
function showPhoto(field) {
  const face = field.closest(".photo").querySelector(".face");
  const picture = new Image();
  picture.alt = "";
  if (!field.files.length) return;
  picture.src = URL.createObjectURL(field.files[0]);
  picture.addEventListener("load", () => face.replaceChildren(picture));
  picture.addEventListener("error", () => URL.revokeObjectURL(picture.src));
}

// The second click of a double click may meet the button that the first one's answer has brought: it is no answer to that.
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest?.(".like button")) event.preventDefault();
}, true);

// A button that offers a value for a field puts it there; what is sent with it, and what that answers, is htmx's.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-fill]");
  const field = button?.form?.elements[button.dataset.fill];
  if (field) field.value = button.value;
});
