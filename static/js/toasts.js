// Toasts: dismissed by hand, or by themselves when they only confirm; and what went wrong on the way.
const LIFE = 12_000; // ms
const LIFE_WITH_UNDO = 20_000;
const texts = document.getElementById("texts");

/** Say what happened elsewhere, with the way to it; not over an open dialog. */
export function tell(text, url) {
  if (!area || document.querySelector("dialog:modal")) return;
  const toast = texts.content.firstElementChild.cloneNode(true);
  toast.className = "toast";
  toast.dataset.toast = "success"; // goes by itself
  toast.querySelector("p").textContent = text;
  const see = Object.assign(document.createElement("a"), { href: url, textContent: texts.dataset.see });
  toast.querySelector("p").after(see);
  area.append(toast);
}

/** Say what went wrong: in the open dialog if there is one, since a modal hides the rest. */
function say(text) {
  const toast = texts.content.firstElementChild.cloneNode(true);
  toast.querySelector("p").textContent = text;
  place().append(toast);
}

function place() {
  const dialog = document.querySelector("dialog:modal");
  if (!dialog) return document.getElementById("toasts");
  const inside = dialog.querySelector(".toasts-inside") ?? document.createElement("div");
  inside.className = "toasts-inside";
  inside.setAttribute("role", "alert");
  dialog.append(inside);
  return inside;
}

function watch(toast) {
  if (toast.dataset.watched) return;
  toast.dataset.watched = "yes";
  if (toast.dataset.toast !== "success") return;
  const life = toast.querySelector(".undo") ? LIFE_WITH_UNDO : LIFE;
  let timer;
  const holds = new Set(); // a pointer over it, the focus in it: while either holds, it stays
  const start = () => (timer = setTimeout(() => toast.remove(), life));
  for (const [comes, goes] of [["pointerenter", "pointerleave"], ["focusin", "focusout"]]) {
    toast.addEventListener(comes, () => {
      holds.add(comes);
      clearTimeout(timer);
    });
    toast.addEventListener(goes, () => {
      holds.delete(comes);
      if (!holds.size) start();
    });
  }
  start();
}

const area = document.getElementById("toasts");
if (area) {
  area.querySelectorAll(".toast").forEach(watch);
  new MutationObserver(() => area.querySelectorAll(".toast").forEach(watch)).observe(area, {
    childList: true,
  });
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".toast").remove();
});

// An undo is asked once: its toast goes as soon as the answer is there.
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (detail.successful) target.closest?.(".toast")?.remove();
});

document.addEventListener("htmx:sendError", () => say(texts.dataset.network));
document.addEventListener("htmx:timeout", () => say(texts.dataset.network));
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.status === 403) say(texts.dataset.forbidden);
  else if (xhr.status === 404) say(texts.dataset.missing);
  else say(texts.dataset.server);
});
