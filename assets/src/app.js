// The scripts every page carries: htmx, and from Bootstrap only what the shell uses. A component that is not listed here does not exist.
import "htmx.org";
import "@tabler/core/js/src/bootstrap/collapse.ts";
import "@tabler/core/js/src/bootstrap/dropdown.ts";
import "@tabler/core/js/src/bootstrap/modal.ts";
import "@tabler/core/js/src/bootstrap/offcanvas.ts";
import "./busy.js";
import "./copy.js";
import "./forms.js";
import "./mentions.js";
import "./live.js";
import "./guide.js";
import "./search.js";
import "./toasts.js";
import "./worktime.js";
