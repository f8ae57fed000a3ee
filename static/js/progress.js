// The thin line at the top, and the dimmed part, while the server is asked.
const PATIENCE = 150; // ms; anything quicker needs no sign
const underWay = new Set();
let timer;

function show() {
  clearTimeout(timer);
  if (underWay.size) {
    timer = setTimeout(() => document.documentElement.classList.add("busy"), PATIENCE);
  } else {
    document.documentElement.classList.remove("busy");
  }
}

document.addEventListener("htmx:beforeSend", ({ detail }) => {
  if (!detail.requestConfig.triggeringEvent) return; // polling is nobody's wait
  underWay.add(detail.xhr);
  detail.target.setAttribute("aria-busy", "true");
  show();
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  underWay.delete(detail.xhr);
  detail.target?.removeAttribute("aria-busy");
  show();
});
