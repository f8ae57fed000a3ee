// Choosing rows: boxes, ranges with Shift, the page, all that match. The form itself carries the
// choice (pk=…, or all=1 with the filter), so the server sees the same with or without script.
const boxes = (desk) => [...desk.querySelectorAll('input[name="pk"]')];
const allField = (desk) => desk.querySelector('input[name="all"]');
const number = new Intl.NumberFormat(document.documentElement.lang);

let kept = { pks: new Set(), all: false, filter: "" };
let last; // where a Shift range starts

const filterOf = (desk) => desk.querySelector('input[name="filter"]')?.value ?? "";

function refresh(desk) {
  const all = allField(desk)?.value === "1";
  const every = boxes(desk);
  const chosen = every.filter((box) => box.checked);
  for (const box of every) box.closest("tr").setAttribute("aria-selected", box.checked);
  const page = desk.querySelector("[data-select-page]");
  if (page) {
    page.checked = every.length > 0 && chosen.length === every.length;
    page.indeterminate = chosen.length > 0 && !page.checked;
  }
  const total = Number(desk.dataset.total);
  const count = all ? total : chosen.length;
  const bar = desk.querySelector("[data-bar]");
  bar?.classList.toggle("shown", count > 0);
  const words = desk.querySelector("[data-count]");
  if (words) {
    const figure = number.format(count) + (all && desk.dataset.capped === "true" ? "+" : "");
    words.textContent = (count === 1 ? desk.dataset.singular : desk.dataset.plural).replace("%d", figure);
  }
  const chooseAll = desk.querySelector("[data-select-all]");
  if (chooseAll) chooseAll.hidden = all || total <= every.length;
  measure(bar); // last: what it says decides where it wraps
  kept = { pks: new Set(chosen.map((box) => box.value)), all, filter: filterOf(desk) };
}

/** Tell the style sheet how high the bar is: it wraps, and toasts stand above it. */
function measure(bar) {
  const { style } = document.documentElement;
  const height = `${bar?.offsetHeight ?? 0}px`;
  if (style.getPropertyValue("--bar") !== height) style.setProperty("--bar", height); // restyles the page
}

function setAll(desk, on) {
  const field = allField(desk);
  if (field) field.value = on ? "1" : "";
}

function check(desk, some, on) {
  for (const box of some) box.checked = on;
  if (!on) setAll(desk, false);
  refresh(desk);
}

/** Select or leave the row of this box; with `range`, all rows since the last one touched. */
export function toggle(box, { range = false } = {}) {
  const desk = box.form;
  const every = boxes(desk);
  const from = every.indexOf(last);
  const to = every.indexOf(box);
  const on = !box.checked;
  const span = range && from >= 0 ? every.slice(Math.min(from, to), Math.max(from, to) + 1) : [box];
  last = box;
  check(desk, span, on);
}

/** Leave everything; tells whether there was something to leave. */
export function clear() {
  const desk = document.querySelector("form[data-desk]");
  if (!desk?.querySelector("[data-bar].shown")) return false;
  check(desk, boxes(desk), false);
  return true;
}

document.addEventListener("click", (event) => {
  const desk = event.target.closest("form[data-desk]");
  if (!desk) return;
  if (event.target.matches('input[name="pk"]')) {
    const box = event.target;
    if (event.shiftKey && last?.isConnected) {
      box.checked = !box.checked; // undo the browser's own tick: toggle() decides for the range
      toggle(box, { range: true });
    } else {
      last = box;
      check(desk, [box], box.checked);
    }
  } else if (event.target.matches("[data-select-page]")) {
    check(desk, boxes(desk), event.target.checked);
  } else if (event.target.closest("[data-select-all]")) {
    setAll(desk, true);
    check(desk, boxes(desk), true);
  } else if (event.target.closest("[data-clear]")) {
    clear();
  }
});

// The sheet was redrawn: what was chosen and is still there stays chosen.
document.addEventListener("htmx:afterSettle", ({ target }) => {
  const desk = document.querySelector("form[data-desk]");
  // Many small parts come beside a list, and each settles by itself: the rows are gone through once.
  if (!desk || !(target.contains(desk) || desk.contains(target))) return;
  for (const box of boxes(desk)) box.checked = kept.pks.has(box.value);
  setAll(desk, kept.all && kept.filter === filterOf(desk));
  refresh(desk);
});

addEventListener("resize", () => measure(document.querySelector("[data-bar]")));

// The action is done, its selection has served.
document.addEventListener("dialog-close", clear);

const desk = document.querySelector("form[data-desk]");
if (desk) refresh(desk); // the browser may have restored ticks by itself
