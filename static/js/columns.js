// Columns in an order: a button or a drag moves one at once, without asking the server. The boxes
// are sent in the order in which they stand, so there is nothing else to keep.
let dragged;

function move(item, way) {
  const other = way === "up" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (way === "up") other.before(item);
  else other.after(item);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  event.preventDefault();
  move(button.closest("[data-column]"), button.dataset.move);
  button.focus();
  button.scrollIntoView({ block: "nearest" });
});

document.addEventListener("pointerdown", ({ target }) => {
  const item = target.closest?.("[data-column]");
  if (item) item.draggable = !target.closest("button, input");
});

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-column]");
  dragged?.classList.add("dragged");
});

document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.("[data-column]");
  if (!dragged || !over || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  if (over === dragged) return;
  const { top, height } = over.getBoundingClientRect();
  if (event.clientY < top + height / 2) over.before(dragged);
  else over.after(dragged);
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
});
