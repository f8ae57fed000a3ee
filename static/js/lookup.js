// Live search in a field (ARIA combobox). The server answers `?q=` with <li role="option"> rows;
// what is typed without choosing is looked up by the server when the form is sent.
const PAUSE = 180; // ms without a key before the server is asked
const GAP = 4; // px between the field and its list
const TALLEST = 288; // px
const { noMatch } = document.getElementById("texts").dataset;
const asked = new WeakMap(); // per field: the timer, and the request under way

const listOf = (input) => input.parentElement.querySelector("[role=listbox]");
const keyOf = (input) => input.parentElement.querySelector("input[type=hidden]");
const optionsOf = (input) => [...listOf(input).querySelectorAll("[role=option]")];
const activeOf = (input) => listOf(input).querySelector('[aria-selected="true"]');
const isOpen = (input) => listOf(input).matches(":popover-open");
const isFree = (input) => input.parentElement.hasAttribute("data-free-text");
const field = (target) => (target.matches?.(".lookup [role=combobox]") ? target : null);

function place(input) {
  const { left, top, bottom, width } = input.getBoundingClientRect();
  const below = innerHeight - bottom - 2 * GAP;
  const above = top - 2 * GAP;
  const up = below < 160 && above > below;
  Object.assign(listOf(input).style, {
    left: `${left}px`,
    width: `${width}px`,
    top: up ? "auto" : `${bottom + GAP}px`,
    bottom: up ? `${innerHeight - top + GAP}px` : "auto",
    maxHeight: `${Math.min(TALLEST, up ? above : below)}px`,
  });
}

function open(input) {
  listOf(input).showPopover();
  place(input);
  input.setAttribute("aria-expanded", "true");
}

function close(input) {
  asked.get(input)?.request?.abort();
  clearTimeout(asked.get(input)?.timer);
  if (isOpen(input)) listOf(input).hidePopover();
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function point(input, option) {
  activeOf(input)?.setAttribute("aria-selected", "false");
  if (!option) return;
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

function choose(input, option) {
  input.value = option.firstChild.textContent.trim();
  const key = keyOf(input);
  if (key) key.value = option.dataset.value;
  close(input);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

async function ask(input) {
  const query = input.value.trim();
  if (!query) return close(input);
  const request = new AbortController();
  asked.set(input, { request });
  const url = new URL(input.parentElement.dataset.lookup, location.href);
  url.searchParams.set("q", query);
  let html;
  try {
    const answer = await fetch(url, { signal: request.signal, headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) return close(input);
    html = await answer.text();
  } catch {
    return; // typed on, or no network: the field keeps what was typed
  }
  if (document.activeElement === input) show(input, html);
}

function show(input, html) {
  const list = listOf(input);
  list.innerHTML = html;
  const found = optionsOf(input);
  found.forEach((option, at) => (option.id = `${list.id}_${at}`));
  if (!found.length) {
    if (isFree(input)) return close(input);
    const none = Object.assign(document.createElement("li"), { className: "none", textContent: noMatch });
    list.replaceChildren(none);
  }
  open(input);
  point(input, isFree(input) ? null : found[0]);
}

document.addEventListener("input", ({ target }) => {
  const input = field(target);
  if (!input) return;
  const key = keyOf(input);
  if (key) key.value = ""; // another text is no longer the record chosen before
  asked.get(input)?.request?.abort();
  clearTimeout(asked.get(input)?.timer);
  asked.set(input, { timer: setTimeout(() => ask(input), PAUSE) });
});

document.addEventListener("keydown", (event) => {
  const input = field(event.target);
  if (!input) return;
  const active = isOpen(input) && activeOf(input);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!isOpen(input)) return void ask(input);
    const every = optionsOf(input);
    const step = event.key === "ArrowDown" ? 1 : -1;
    point(input, every[(every.indexOf(active) + step + every.length) % every.length] ?? every[0]);
  } else if (event.key === "Enter" && active) {
    event.preventDefault();
    choose(input, active);
  } else if (event.key === "Tab" && active && !isFree(input)) {
    choose(input, active);
  } else if (event.key === "Escape" && isOpen(input)) {
    event.preventDefault(); // closes the list, not the dialog around it
    event.stopImmediatePropagation();
    close(input);
  }
});

// pointerdown comes before the field loses the focus.
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest(".lookup [role=option]");
  if (!option) return;
  event.preventDefault();
  choose(option.closest(".lookup").querySelector("[role=combobox]"), option);
});

document.addEventListener("focusout", ({ target }) => {
  if (field(target)) close(target);
});

document.addEventListener(
  "scroll",
  ({ target }) => {
    const input = field(document.activeElement);
    if (input && isOpen(input) && target !== listOf(input)) place(input);
  },
  { capture: true, passive: true },
);
