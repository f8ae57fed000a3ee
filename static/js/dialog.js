// The one dialog of the page: opens when something is put into it, closes when it is done.
const dialog = document.getElementById("dialog");
const FIRST =
  ":is(.dialog-body, .actions) :is(input:not([type=hidden]), select, textarea, .btn.primary, .btn.fill-danger):not(details:not([open]) *)";
let opener;
let sending; // whether the last key or press was to send the dialog
let unfolded = []; // what was open stays open when the counts are refreshed
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
    unfolded = [...dialog.querySelectorAll("details[id][open]")].map(({ id }) => id);
    if (detail.target !== dialog) return;
    if (!elt.isConnected) return (detail.shouldSwap = false); // the dialog that asked was closed
    if (!elt.matches("[data-preview-button]") || asked === answers()) return;
    detail.shouldSwap = false; // someone goes on typing: what they typed is worth more than counts
    window.htmx.trigger(elt, "preview");
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== dialog) return;
    if (!dialog.firstElementChild) return close();
    for (const id of unfolded) dialog.querySelector(`#${id}`)?.setAttribute("open", "");
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
  // An answer has changed: ask the server again what would happen rather than guess. Not while the
  // dialog is being sent, unless the counts depend on it: the click would find another button.
  dialog.addEventListener("pointerdown", ({ target }) => {
    sending = Boolean(target.closest("#dialog-submit"));
  });
  dialog.addEventListener("keydown", ({ key, target }) => {
    sending = key === "Enter" && target.matches("input");
  });
  dialog.addEventListener("change", ({ target }) => {
    if (target.matches("[role=combobox]")) return; // its choice is what counts
    if (target.closest("#keep")) return; // a name for the choices, not one of them
    if (sending && !target.matches("[data-preview]")) return;
    const button = dialog.querySelector("[data-preview-button]");
    if (button) window.htmx.trigger(button, "preview");
  });
  document.addEventListener("dialog-close", close);
}

document.querySelector("[data-focus]")?.focus();
