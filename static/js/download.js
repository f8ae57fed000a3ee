// A file that is ready is handed over by itself, once: a link with data-start is followed.
function start() {
  const link = document.querySelector("a[data-start]");
  if (!link) return;
  link.removeAttribute("data-start");
  link.click();
}

document.addEventListener("htmx:afterSettle", start);
start();
