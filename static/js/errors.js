// What happens when a request of htmx fails: a notice that says what to do. Text on the page stays as it is.
import { notify } from "./notices.js";

const ADVICE = {
  400: "The server could not understand this. Reload the page and try again.",
  403: "You may not do this. An admin can change your role.",
  404: "This no longer exists, or is not yours to see. Reload the page.",
  405: "This cannot be done here. Reload the page and try again.",
  409: "Someone changed this in the meantime, so nothing was overwritten. Reload the page and compare.",
  410: "This was removed. Reload the page.",
  413: "This is too large. Send less text or a smaller file.",
  422: "Something is missing or wrong. Check the marked entries.",
  428: "The page did not say which state it started from. Reload it and try again.",
  429: "Too many requests. Wait a moment and try again.",
  503: "Not available right now. Try again in a few seconds; what you wrote is still here.",
};
const OURS = "Something went wrong on the server. Try again in a moment; what you wrote is still here.";

/** Where to log in and come back to this page. */
export function loginLink() {
  const here = location.pathname + location.search;
  return { label: "Log in", href: `${document.body.dataset.loginUrl ?? "/login"}?next=${encodeURIComponent(here)}` };
}

/** Says what a status means; the server's own words, if it sent an error page, win. */
export function explain(status, html = "") {
  if (status === 401) {
    notify("You are logged out. Log in again; what you wrote is still on this page until you leave it.", { kind: "error", link: loginLink() });
    return;
  }
  const page = html.includes("data-error-message") ? new DOMParser().parseFromString(html, "text/html") : null;
  const words = ["title", "message"].map((part) => page?.querySelector(`[data-error-${part}]`)?.textContent.trim());
  notify(words.every(Boolean) ? words.join(". ") : ADVICE[status] ?? OURS, { kind: "error" });
}

document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  if (ctx.hx.trigger?.includes('"notice"')) {
    if (ctx.response.status !== 401) return; // the server speaks for itself, by a notice
    ctx.hx.trigger = null;
  }
  const status = String(ctx.response.status);
  const unswapped = htmx.config.noSwap.some((code) => status.startsWith(String(code).replaceAll("x", "")));
  if (unswapped || ctx.swap === "none") explain(ctx.response.status, ctx.text);
});

document.addEventListener("htmx:error", (event) => {
  const { ctx, error } = event.detail;
  if (!ctx?.request || ctx.response) return; // not about the network
  const late = ctx.request.signal?.reason === "timeout";
  if (!late && error?.name !== "TypeError") return;
  notify(late ? "The server took too long to answer. Try again." : "The server cannot be reached. Check the connection and try again; what you wrote is still here.", { kind: "error" });
});
