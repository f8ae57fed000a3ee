// What others do while this page is open: the bell, and a word where the page shows what changed.
// The server's answer is the truth; an event is only the reason to ask. A hidden tab holds no
// stream (a browser has few connections to a server), and catches up when it is seen again.
import { tell } from "./toasts.js";

const notices = document.getElementById("notices");
const area = document.getElementById("toasts");
const QUIET = 400; // ms without an event before the server is asked
const HIDDEN = 10_000; // ms out of sight before the stream is closed
const AGAIN = 2_000, AGAIN_AT_MOST = 60_000; // ms until a stream that was refused is asked for anew
const MOST_TOASTS = 3;
const MOST_TOLD = 100;
const MANY = "*"; // instead of keys, after a change of more records than are named

const watched = () => document.querySelector("#desk, [data-watch]");
const slugOf = (part) => part.dataset.slug ?? part.dataset.desk;
const shownIn = (part) =>
  [part, ...part.querySelectorAll("[data-version]")].filter((each) => each.dataset.version);

let source, point, opened = false, hiding;
let again, delay = AGAIN;
let touched = new Set(); // keys heard of that the list does not show
let underWay; // those that a refresh under way may answer
let due = false;
let timer;

// ------------------------------------------------------------------------------------ the bell
const channel = new BroadcastChannel("carnet-bell");
channel.onmessage = ({ data }) => count(data);

function count(unread) {
  for (const badge of document.querySelectorAll("[data-unread]")) {
    badge.hidden = !unread;
    badge.firstElementChild.textContent = unread > 99 ? "99+" : unread;
  }
}

function isNews(id) {
  const told = JSON.parse(sessionStorage.getItem("told") ?? "[]");
  if (told.includes(id)) return false;
  sessionStorage.setItem("told", JSON.stringify([...told, id].slice(-MOST_TOLD)));
  return true;
}

function ring({ id, text, url, unread }) {
  count(unread);
  if (!isNews(id) || document.hidden) return;
  const earlier = area.querySelectorAll(".toast:not(.changed)");
  if (earlier.length >= MOST_TOASTS) earlier[0].remove();
  tell(text, url);
}

function openBell() {
  window.htmx.trigger(notices, "bell-open");
}

// -------------------------------------------------------------------- what this page shows of it
function hear({ id, desk, keys, mine }) {
  const part = watched();
  if (!part || slugOf(part) !== desk) return;
  const here = new Set(shownIn(part).map((each) => each.dataset.pk));
  // The page of the very record says so itself: no toast beside it.
  if (part.dataset.watch && keys?.some((key) => here.has(`${key}`))) isNews(id);
  if (part.id === "desk" && !mine) {
    for (const key of keys ?? [MANY]) if (!here.has(`${key}`)) touched.add(key);
  }
  // A page with a state is about more than it shows, made or yet to be made.
  const about = part.dataset.state || !keys || keys.some((key) => here.has(`${key}`));
  if (about || touched.size) askSoon();
}

function askSoon() {
  due = true;
  clearTimeout(timer);
  timer = setTimeout(ask, QUIET * (1 + Math.random()));
}

async function ask() {
  const part = watched();
  if (!part || document.hidden) return;
  if (document.querySelector(".htmx-request")) return askSoon();
  due = false;
  const body = new URLSearchParams({
    desk: slugOf(part),
    what: part.dataset.watch ?? "rows",
    shown: shownIn(part).map(({ dataset }) => `${dataset.pk}:${dataset.version}`).join(),
    touched: touched.has(MANY) ? MANY : [...touched].join(),
  });
  if (part.id === "desk") body.set("page", new URL(part.getAttribute("hx-get"), location).search.slice(1));
  if (part.dataset.page) body.set("page", part.dataset.page);
  if (part.dataset.state) body.set("state", part.dataset.state);
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  let html = "";
  try {
    const answer = await fetch(notices.dataset.changes, { method: "POST", headers, body });
    if (!answer.ok || answer.redirected) return;
    html = await answer.text(); // "" for 204
  } catch {
    return; // no network: the next event, or the reconnection, asks again
  }
  show(html);
}

function show(html) {
  const old = document.getElementById("changed");
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.firstElementChild;
  if (old && fresh && old.textContent === fresh.textContent) return;
  old?.remove();
  if (fresh) area.prepend(fresh);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-refresh]");
  if (button) document.body.dispatchEvent(new Event(button.dataset.refresh));
});

const isOurs = (element) => element?.matches?.("#desk, #record");

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (!isOurs(detail.target)) return;
  underWay = touched; // what comes from here on may be too late for the answer
  touched = new Set();
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!isOurs(detail.target) || detail.successful) return;
  touched = new Set([...touched, ...(underWay ?? [])]);
});

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.id === "latest") {
    const unread = Number(target.dataset.unreadNow);
    count(unread);
    channel.postMessage(unread);
  }
  if (!isOurs(target)) return;
  show("");
  if (due || touched.size) askSoon();
});

// ---------------------------------------------------------------------------------- the stream
function open() {
  clearTimeout(again);
  if (source || document.hidden) return;
  source = new EventSource(`${notices.dataset.stream}?last=${point}`);
  const on = (name, work) =>
    source.addEventListener(name, ({ data }) => work(JSON.parse(data)));
  source.addEventListener("at", ({ lastEventId }) => (point = lastEventId)); // for another stream
  on("changed", hear);
  on("bell", ring);
  on("missed", catchUp);
  source.addEventListener("open", () => {
    if (opened) askSoon(); // it was away: whatever it missed, the records themselves tell
    opened = true;
    delay = AGAIN;
  });
  source.addEventListener("error", ({ target }) => {
    // A browser asks again where nobody answers, and never where a proxy says that nobody is there.
    if (target === source && target.readyState === EventSource.CLOSED) openLater();
  });
}

function openLater() {
  close();
  opened = true; // what it misses meanwhile it asks for
  again = setTimeout(open, delay * (1 + Math.random()));
  delay = Math.min(2 * delay, AGAIN_AT_MOST);
}

function close() {
  clearTimeout(again);
  source?.close();
  source = undefined;
}

async function catchUp() {
  askSoon();
  try {
    const answer = await fetch(notices.dataset.latest);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const latest = page.getElementById("latest");
    if (answer.ok && latest) count(Number(latest.dataset.unreadNow));
  } catch {
    // no network: it will reconnect
  }
}

if (notices) {
  channel.postMessage(Number(document.querySelector("[data-unread]").dataset.unread));
  point = notices.dataset.point;
  open();
  notices.addEventListener("toggle", ({ newState }) => newState === "open" && openBell());
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) {
      hiding = setTimeout(close, HIDDEN);
    } else {
      open();
      if (due) askSoon();
    }
  });
}
