// The one dialog of the page: opens when something is put into it, closes when it is done.
const dialog = document.getElementById("dialog");
const FIRST = ":is(.dialog-body, .actions) :is(input:not([type=hidden]), select, textarea, .btn.primary, .btn.fill-danger)";
let opener;
let asked; // the answers that the counts under way are asked for

const answers = () => new URLSearchParams(new FormData(dialog.querySelector("form"))).toString();

function close() {
  dialog?.close();
}

if (dialog) {
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.target !== dialog) return;
    if (!dialog.open) opener = detail.elt;
    else asked = answers();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt } = detail.requestConfig;
    if (detail.target !== dialog || !elt.matches("[data-preview-button]") || !dialog.open) return;
    if (asked === answers()) return;
    detail.shouldSwap = false; // someone goes on typing: what they typed is worth more than counts
    window.htmx.trigger(elt, "preview");
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== dialog) return;
    if (!dialog.firstElementChild) return close();
    if (!dialog.open) {
      dialog.showModal();
      dialog.querySelector(FIRST)?.focus();
    } else if (detail.requestConfig.elt.matches("form")) {
      dialog.querySelector(".is-invalid, [aria-invalid='true']")?.focus(); // sent, and refused
    }
  });
  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    if (opener?.isConnected) opener.focus();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close(); // the backdrop
    if (event.target.closest("[data-close]")) {
      event.preventDefault();
      close();
    }
  });
  // What the counts depend on has changed: ask the server again rather than guess.
  dialog.addEventListener("change", (event) => {
    if (!event.target.matches("[data-preview]")) return;
    const button = dialog.querySelector("[data-preview-button]");
    if (button) window.htmx.trigger(button, "preview");
  });
  document.addEventListener("dialog-close", close);
}

document.querySelector("[data-focus]")?.focus();
