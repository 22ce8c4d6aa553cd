// Live text over one stream per page. It asks for the tasks that elements name, and stops when none is unfinished:
// [data-live-task] text · [data-live-model] · [data-live-switch] · [data-live-state] and [data-live-done] get events.
import { behave } from "./behaviour.js";
import { explain } from "./errors.js";
import { openStream } from "./event-stream.js";
import { announce } from "./notices.js";

const HIDDEN = 5000; // browsers allow six connections per host, so a tab nobody looks at gives its own back
const MOST = 50; // tasks in one stream
const ASKING = "[data-live-task][aria-busy=true], [data-live-state], [data-live-done], [data-live-url]";
const ended = new Set();
let stream = null;
let left = {}; // url and last id of the stream we closed, to resume exactly there
let isAskedAnew = false; // an element came that names a task which ended: it was drawn before, or the task runs again

const named = ({ dataset: d }) => d.liveTask ?? d.liveDone ?? d.liveState ?? new URL(d.liveUrl, location).searchParams.get("tasks") ?? "";
const each = (name, task, act) => document.querySelectorAll(`[data-live-${name}="${task}"]`).forEach(act);
const tell = (name, detail) => each(name, detail.task, (el) => el.dispatchEvent(new CustomEvent(`live:${name}`, { detail })));
const say = (name, task, text) => text && each(name, task, (el) => { el.textContent = text; });

function wanted() {
  const ids = [...document.querySelectorAll(ASKING)].flatMap((el) => named(el).split(","));
  return [...new Set(ids)].filter((id) => /^\d+$/.test(id) && !ended.has(id)).slice(0, MOST);
}

const append = (el, text) => (el.lastChild?.nodeType === Node.TEXT_NODE ? el.lastChild.appendData(text) : el.append(text));

const handlers = {
  delta: ({ task, text }) => each("task", task, (el) => append(el, text)),
  reset: ({ task, text }) => each("task", task, (el) => { el.textContent = text; }),
  switch: ({ task, text }) => say("switch", task, text),
  state(state) {
    say("model", state.task, state.model);
    tell("state", state);
  },
  done(state) {
    ended.add(String(state.task));
    say("model", state.task, state.model);
    each("task", state.task, (el) => el.setAttribute("aria-busy", "false"));
    announce(state.status === "succeeded" ? "The text is complete." : `The text ended: ${state.status}.`);
    tell("done", state);
  },
};

function openLive(url) {
  closeLive();
  stream = openStream(url, {
    onEvent: (name, data) => handlers[name]?.(JSON.parse(data)),
    onEnd: () => !wanted().length, // an end while a task is unfinished is a break
    onStop: (status) => explain(status),
  });
  if (left.url === url) stream.seen.id = left.id;
  document.body.dispatchEvent(new CustomEvent("live:opened")); // the tray counts anew
}

function closeLive() {
  if (!stream) return;
  left = { url: stream.url, id: stream.seen.id };
  stream.close();
  stream = null;
}

function sync() {
  const ids = wanted();
  if (!ids.length || document.hidden) return ids.length ? undefined : closeLive();
  const open = stream && !stream.closed ? new URL(stream.url, location).searchParams.get("tasks").split(",") : [];
  if (!isAskedAnew && ids.every((id) => open.includes(id))) return undefined;
  if (isAskedAnew) closeLive();
  if (isAskedAnew) left = {};
  isAskedAnew = false;
  openLive(`/live?tasks=${ids.join(",")}`);
}

behave(ASKING, (el) => {
  for (const id of named(el).split(",")) if (ended.delete(id)) isAskedAnew = true;
  setTimeout(sync); // once all of a swap's elements stand
  return () => setTimeout(sync);
});

let leaving;
document.addEventListener("visibilitychange", () => {
  clearTimeout(leaving);
  if (document.hidden) leaving = setTimeout(closeLive, HIDDEN);
  else sync();
});
addEventListener("pagehide", closeLive);
addEventListener("pageshow", (event) => event.persisted && sync());
