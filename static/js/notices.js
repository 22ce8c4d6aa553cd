// The one notification region. Errors and notices with a button stay; the others leave after a while unless looked at.
import { behave, refresh } from "./behaviour.js";

const LINGER = 8000;
const MOST = 4;
const SPRITE = new URL("../icons.svg", import.meta.url).pathname;
const ICONS = { success: "success", info: "info", warning: "warning", error: "alert" };

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

function make(tag, className, ...children) {
  const el = document.createElement(tag);
  el.className = className;
  el.append(...children);
  return el;
}

/** Says something without showing it. */
export function announce(text) {
  const place = document.getElementById("announcer");
  if (!place) return;
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 50); // an emptied region speaks again, even the same words
}

/** Shows a notice; link is {label, href}. The same words are not shown twice at once. */
export function notify(text, { kind = "info", assertive = kind === "error", link } = {}) {
  const place = document.getElementById(assertive ? "notices-assertive" : "notices-polite");
  if (!place || [...place.querySelectorAll(".notice__text")].some((p) => p.textContent === text)) return;
  const close = make("button", "notice__close", icon("x"));
  close.type = "button";
  close.setAttribute("aria-label", "Dismiss");
  close.dataset.noticeClose = "";
  const notice = make("div", `notice notice--${kind}`, icon(ICONS[kind]), make("p", "notice__text", text));
  notice.dataset.notice = kind;
  if (link) {
    const a = make("a", "button button--quiet", link.label);
    a.href = link.href;
    notice.append(make("div", "notice__action", a));
  }
  notice.append(close);
  place.append(notice);
  refresh(notice);
}

document.addEventListener("notice", ({ detail }) => notify(detail.text, detail)); // the HX-Trigger of a response

let loading = true;
behave("[data-notice]", (notice) => {
  if (loading) announce(notice.querySelector(".notice__text").textContent); // what is there from the start is not spoken by itself
  const stays = notice.dataset.notice === "error" || notice.querySelector(".notice__action");
  const leave = () => (notice.matches(":hover, :focus-within") ? (timer = setTimeout(leave, LINGER)) : notice.remove());
  let timer = stays ? 0 : setTimeout(leave, LINGER);
  notice.querySelector("[data-notice-close]")?.addEventListener("click", () => notice.remove());
  notice.querySelector(".notice__action")?.addEventListener("click", () => setTimeout(() => notice.remove(), 100));
  const others = [...document.querySelectorAll("#notices-polite [data-notice]")].slice(0, -MOST);
  for (const other of others) other.remove();
  return () => clearTimeout(timer);
});
loading = false;
