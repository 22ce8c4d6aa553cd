// Tells the server what went wrong in a script, so that an admin finds it under Errors. Each error once, five a page.
const MOST = 5;
const told = new Set();

function send(error, place) {
  const name = error?.name ?? "Error";
  const message = String(error?.message ?? error).slice(0, 500);
  const key = `${name} ${message} ${place}`;
  if (told.has(key) || told.size >= MOST) return;
  told.add(key);
  const body = JSON.stringify({ name, message, place, stack: String(error?.stack ?? "").slice(0, 4000), path: location.pathname });
  fetch("/client-errors", { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: true }).catch(() => {});
}

/** Only what runs from here: an extension's errors are not ours. */
const isOurs = (url) => url.startsWith(location.origin);
const short = (url) => url.replace(location.origin, "").replace(/\/static\/[^/]+/, "/static");

addEventListener("error", (event) => {
  if (event.filename && isOurs(event.filename)) send(event.error ?? event.message, `${short(event.filename)}:${event.lineno}`);
});

addEventListener("unhandledrejection", (event) => {
  const first = String(event.reason?.stack ?? "").match(/https?:\/\/[^\s)]+/)?.[0] ?? "";
  if (first && isOurs(first)) send(event.reason, short(first).replace(/:\d+$/, ""));
});
