// A sheet that fits its column lets its heading stick to the window; one that doesn't scrolls by
// itself, and must then be reachable by keyboard.
const watched = new ResizeObserver((changes) => changes.forEach(({ target }) => fit(target)));

function fit(sheet) {
  const table = sheet.querySelector("table");
  if (!table) return;
  const fits = table.offsetWidth <= sheet.clientWidth + 1;
  sheet.classList.toggle("fits", fits);
  sheet.toggleAttribute("tabindex", false);
  if (!fits) sheet.tabIndex = 0;
}

function watch() {
  for (const sheet of document.querySelectorAll(".sheet")) {
    fit(sheet);
    watched.observe(sheet);
  }
}

document.addEventListener("htmx:afterSettle", watch);
watch();
