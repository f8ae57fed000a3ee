// Live search in a field (ARIA combobox). The server answers `?q=` with <li role="option"> rows.
const PAUSE = 180; // ms without a key before the server is asked
const texts = document.getElementById("texts").dataset;
const asked = new WeakMap(); // per field: the timer and the request under way

const listOf = (input) => input.parentElement.querySelector("[role=listbox]");
const keyOf = (input) => input.parentElement.querySelector("input[type=hidden]");
const options = (input) => [...listOf(input).querySelectorAll("[role=option]")];
const active = (input) => listOf(input).querySelector('[aria-selected="true"]');

function close(input) {
  listOf(input).hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function point(input, option) {
  active(input)?.setAttribute("aria-selected", "false");
  if (!option) return;
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

function choose(input, option) {
  const label = option.dataset.text ?? option.firstChild.textContent.trim();
  input.value = label;
  const key = keyOf(input);
  if (key) {
    key.value = option.dataset.value;
    key.dispatchEvent(new Event("change", { bubbles: true }));
  }
  input.removeAttribute("aria-invalid");
  close(input);
}

async function ask(input) {
  asked.get(input)?.request?.abort();
  const query = input.value.trim();
  if (!query) return close(input);
  const request = new AbortController();
  asked.set(input, { request });
  const url = new URL(input.parentElement.dataset.lookup, location.href);
  url.searchParams.set("q", query);
  let answer;
  try {
    answer = await fetch(url, { signal: request.signal, headers: { "HX-Request": "true" } });
  } catch {
    return; // gone on typing, or no network: the field keeps what was typed
  }
  if (!answer.ok || answer.redirected) return close(input);
  show(input, await answer.text());
}

function show(input, html) {
  const list = listOf(input);
  list.innerHTML = html;
  const found = options(input);
  found.forEach((option, at) => (option.id = `${list.id}_${at}`));
  const free = input.parentElement.hasAttribute("data-free-text");
  if (!found.length) {
    if (free) return close(input);
    const none = document.createElement("li");
    none.className = "none";
    none.textContent = texts.noMatch;
    list.replaceChildren(none);
  }
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  point(input, free ? null : found[0]);
}

const field = (target) => (target.matches?.(".lookup [role=combobox]") ? target : null);

document.addEventListener("input", ({ target }) => {
  const input = field(target);
  if (!input) return;
  const key = keyOf(input);
  if (key) {
    key.value = ""; // another text is no longer the record chosen before
    if (input.value.trim()) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  clearTimeout(asked.get(input)?.timer);
  asked.set(input, { ...asked.get(input), timer: setTimeout(() => ask(input), PAUSE) });
});

document.addEventListener("keydown", (event) => {
  const input = field(event.target);
  if (!input) return;
  const open = !listOf(input).hidden;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!open) return void ask(input);
    const every = options(input);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const at = every.indexOf(active(input));
    point(input, every[(at + step + every.length) % every.length] ?? every[0]);
  } else if (event.key === "Enter" && open && active(input)) {
    event.preventDefault();
    choose(input, active(input));
  } else if (event.key === "Escape" && open) {
    event.preventDefault();
    event.stopImmediatePropagation();
    close(input);
  } else if (event.key === "Tab" && open && active(input) && keyOf(input)) {
    choose(input, active(input));
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
  const input = field(target);
  if (input) close(input);
});
