// Stores one field's text: one request at a time, each named after the revision it was typed over, until it is stored.
import { display } from "./save-state.js";

const WAITS = [2, 5, 10, 20, 30]; // seconds between tries
const LARGEST_FAREWELL = 60000; // bytes; browsers let a request of 64 KiB outlive its page
const plain = (text) => text.replace(/\s+/g, " ").trim();

export function saver(form) {
  const area = form.elements.text;
  const base = form.elements.base_revision;
  const shown = display(form);
  const comparison = form.querySelector(".comparison");
  let stored = area.hasAttribute("aria-invalid") || comparison?.dataset.theirs !== undefined ? null : area.value;
  let paused = comparison?.dataset.theirs !== undefined; // until somebody decides between two texts
  let running = null, unanswered = null, sending = null, refused = null, troubled = false;
  let timer, tries = 0;

  const isDirty = () => area.value !== stored;
  const body = (text) => new URLSearchParams({ text, base_revision: base.value });

  function later(seconds, why) {
    troubled = true;
    clearInterval(timer);
    const tick = () => (seconds > 0 ? shown.waiting(why, seconds--) : save());
    tick();
    timer = setInterval(tick, 1000);
    return false;
  }

  async function ask(text, isAutosave) {
    const content = body(text);
    if (isAutosave) content.set("autosave", "1");
    const keepalive = content.toString().length < LARGEST_FAREWELL;
    const headers = { Accept: "application/json" };
    const answer = await fetch(form.action, { method: "PUT", body: content, headers, keepalive, signal: AbortSignal.timeout(20000) });
    return { status: answer.status, json: await answer.json().catch(() => ({})) };
  }

  async function send(text, isAutosave) {
    shown.saving();
    sending = text;
    const { status, json } = await ask(text, isAutosave).catch(() => ({ status: 0 }));
    sending = null;
    if (status === 200) return settled(text, json);
    if (status === 409 && json.current) return collided(text, json.current, isAutosave);
    if (status === 401) return shown.loggedOut(), wait(10);
    if (status >= 400 && status < 500 && status !== 429) return refuse(text, json.errors?.text?.[0] ?? json.detail);
    unanswered = text; // it may have arrived all the same
    return later(WAITS[Math.min(tries++, WAITS.length - 1)], status ? "the server has a problem." : "the server does not answer.");
  }

  function settled(text, { revision, at, words }) {
    [stored, unanswered, refused, tries, troubled] = [text, null, null, 0, false];
    base.value = revision ?? "";
    shown.saved(at ?? new Date().toISOString(), words);
    return true;
  }

  function collided(text, current, isAutosave) {
    if (unanswered !== null && plain(current.text) === plain(unanswered)) { // our own, whose answer was lost
      unanswered = null;
      base.value = current.revision ?? "";
      return send(text, isAutosave);
    }
    paused = troubled = true;
    shown.conflict();
    htmx.ajax("POST", `${form.action}/comparison`, { source: form, target: form.querySelector(".comparison"), swap: "outerHTML", values: { text } });
    return false;
  }

  function refuse(text, why) {
    [refused, troubled] = [text, true];
    shown.refused(why ?? "The server refused this text.");
    return false;
  }

  function wait(seconds) {
    troubled = true;
    clearInterval(timer);
    timer = setInterval(() => save(), seconds * 1000);
    return false;
  }

  /** Stores what is typed; false when it could not be. */
  async function save(isAutosave = true) {
    clearInterval(timer);
    while (running) await running;
    if (!isDirty()) return true;
    if (paused || area.value === refused) return false;
    running = send(area.value, isAutosave);
    const done = await running.finally(() => { running = null; });
    return done && isDirty() ? save(isAutosave) : done;
  }

  return {
    save,
    isDirty,
    soon(ms) {
      shown.typing();
      if (troubled && !refused) return;
      clearInterval(timer);
      timer = setInterval(save, ms);
    },
    keepMine() {
      base.value = form.querySelector(".comparison").dataset.theirs;
      form.querySelector(".comparison").replaceChildren();
      paused = troubled = false;
      return save(false);
    },
    mayLeave: () => !isDirty() || (!troubled && (sending === null || sending === area.value) && body(area.value).toString().length < LARGEST_FAREWELL),
    stop: () => clearInterval(timer),
  };
}
