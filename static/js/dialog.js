// The one dialog of the page: opens when something is put into it, closes when it is done.
const dialog = document.getElementById("dialog");
const FIRST =
  ":is(.dialog-body, .actions) :is(input:not([type=hidden]), select, textarea, .btn.primary, .btn.fill-danger):not(details:not([open]) *)";
const EDGE = 12; // pixels between the dialog and the edges of the window, at least
let opener;
let sending; // whether the last key or press was to send the dialog
let stale; // whether what was typed last, on the way to sending, is in no counts yet
let wished; // what the counts said when it was sent all the same: it goes if they say so again
let posting; // whether it is sent, and the answer under way
let unfolded = []; // what was open stays open when the counts are refreshed
let asked; // the answers that the counts under way are asked for
let held; // the field in use and where it stands, while the dialog is filled anew
let gap; // pixels under the dialog

const answers = () => new URLSearchParams(new FormData(dialog.querySelector("form"))).toString();
const submit = () => dialog.querySelector("#dialog-submit");
const sendable = () => !submit()?.disabled; // greyed, neither a key nor a press sends anything
const count = () => window.htmx.trigger(dialog.querySelector("[data-preview-button]"), "preview");
const counts = () =>
  [...dialog.querySelectorAll(".split, #dialog-submit")].map((each) => each.textContent).join();

function close() {
  dialog?.close();
}

// What comes in grows upwards, so that neither a field nor a button moves under somebody's hand.
function place(opening) {
  if (opening) gap = (innerHeight - dialog.offsetHeight) / 2;
  gap = Math.max(EDGE, Math.min(gap, innerHeight - dialog.offsetHeight - EDGE));
  dialog.style.marginBlock = `auto ${gap}px`;
  const field = held && document.getElementById(held.id);
  const body = dialog.querySelector(".dialog-body");
  if (field?.offsetParent && body) body.scrollTop += field.getBoundingClientRect().top - held.top;
}

if (dialog) {
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.target !== dialog) return;
    if (!dialog.open) opener = detail.elt;
    else if (detail.elt.matches("form")) posting = true;
    else asked = answers();
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    // Told of the dialog where its form has been put in anew.
    if (detail.target === dialog && detail.requestConfig.elt.matches("form")) posting = false;
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt } = detail.requestConfig;
    unfolded = [...dialog.querySelectorAll("details[id][open]")].map(({ id }) => id);
    if (detail.target !== dialog) return;
    const { id } = document.activeElement;
    held = dialog.open && id && { id, top: document.activeElement.getBoundingClientRect().top };
    if (!elt.isConnected) return (detail.shouldSwap = false); // the dialog that asked was closed
    if (!elt.matches("[data-preview-button]")) return;
    if (posting) return (detail.shouldSwap = false); // what is sent has an answer of its own
    if (asked === answers()) return;
    detail.shouldSwap = false; // someone goes on typing: what they typed is worth more than counts
    window.htmx.trigger(elt, "preview");
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target !== dialog) return;
    if (!dialog.firstElementChild) return close();
    for (const id of unfolded) dialog.querySelector(`#${id}`)?.setAttribute("open", "");
    if (!dialog.open) return;
    if (detail.requestConfig.elt.matches("form")) {
      dialog.querySelector(".is-invalid, [aria-invalid='true']")?.focus(); // sent, and refused
    }
    place();
  });
  // Only now do its buttons and its form do what they are for.
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target !== dialog || !dialog.firstElementChild) return;
    if (!dialog.open) {
      dialog.showModal();
      dialog.querySelector(FIRST)?.focus();
      stale = wished = posting = undefined;
      place(true);
    }
    const goes = wished !== undefined && wished === counts() && !submit().disabled;
    wished = undefined;
    if (goes) submit().click();
  });
  addEventListener("resize", () => {
    held = undefined;
    if (dialog.open) place(true);
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
  // dialog is being sent: the click would find another button.
  dialog.addEventListener("pointerdown", ({ target }) => {
    sending = sendable() && Boolean(target.closest("#dialog-submit"));
  });
  dialog.addEventListener("keydown", ({ key, target }) => {
    const choosing = target.matches("[aria-expanded=true]");
    sending = key === "Enter" && sendable() && target.matches("input") && !choosing;
  });
  dialog.addEventListener("change", ({ target }) => {
    if (target.closest("#keep")) return; // a name for the choices, not one of them
    if (sending) stale ||= target.matches("[data-preview]");
    else if (dialog.querySelector("[data-preview-button]")) count();
  });
  // Sent before its counts could tell of the last answer: they do so first, and it goes by itself
  // unless they say anything else than before.
  dialog.addEventListener(
    "submit",
    (event) => {
      if (!stale) return;
      event.preventDefault();
      event.stopPropagation();
      stale = false;
      wished = counts();
      count();
    },
    true,
  );
  document.addEventListener("dialog-close", close);
}

document.querySelector("[data-focus]")?.focus();
