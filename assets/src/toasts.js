// Messages that the server left for the next page (templates/ui/toast.html) and those that arrive in a fragment.
import Toast from "@tabler/core/js/src/bootstrap/toast.ts";

function showNew() {
  document.querySelectorAll(".toast[data-show]").forEach((element) => {
    element.removeAttribute("data-show");
    Toast.getOrCreateInstance(element, { delay: 6000, autohide: element.dataset.bsAutohide !== "false" }).show();
  });
}

document.addEventListener("DOMContentLoaded", showNew);
document.addEventListener("htmx:after:swap", showNew);
