// `/` search · j k rows · x select · Enter open · n new · e edit · ? help · Escape close or clear.
import { clear, toggle } from "./selection.js";

const typing = (element) =>
  element.isContentEditable ||
  element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");

const rows = () => [...document.querySelectorAll("tr[data-href]")];
const current = () => document.activeElement.closest("tr[data-href]");

function move(step) {
  const every = rows();
  if (!every.length) return;
  const at = every.indexOf(current());
  const next = at < 0 ? (step > 0 ? 0 : every.length - 1) : at + step;
  const row = every[Math.max(0, Math.min(next, every.length - 1))];
  row.tabIndex = -1;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

function help() {
  document.getElementById("keys")?.showModal();
}

const strokes = {
  "/": () => document.querySelector("#filters input[type=search], #filters .search, [data-search]")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  n: () => document.querySelector("[data-new]")?.click(),
  e: () => document.querySelector("[data-edit]")?.click(),
  "?": help,
  x: (event) => {
    const box = current()?.querySelector('input[name="pk"]');
    if (box) toggle(box, { range: event.shiftKey });
  },
  Enter: (event) => {
    if (event.target.matches("tr[data-href]")) location.assign(event.target.dataset.href);
    else return false;
  },
  Escape: clear,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog:modal, [popover]:popover-open")) return;
  if (typing(event.target)) {
    if (event.key === "Escape" && event.target.matches("[role=combobox]")) return;
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const stroke = strokes[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (stroke && stroke(event) !== false) event.preventDefault();
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-help]")) help();
  // The backdrop of the help closes it, as it does for the other dialog.
  if (target.id === "keys") target.close();
});

// A redrawn sheet gives the focus back to the same record.
let focused;
document.addEventListener("htmx:beforeSwap", () => (focused = current()?.dataset.href));
document.addEventListener("htmx:afterSettle", () => {
  if (!focused || document.activeElement !== document.body) return;
  const row = rows().find((each) => each.dataset.href === focused);
  if (!row) return;
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
});
