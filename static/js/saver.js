// Stores one field's text: one request at a time, each named after the revision it was typed over, until it is stored.
import { comparison } from "./comparison.js";
import { LARGEST_FAREWELL, put } from "./field-request.js";
import { display } from "./save-state.js";
import { schedule } from "./schedule.js";

const plain = (text) => text.replace(/\s+/g, " ").trim();

export function saver(form) {
  const { text: area, base_revision: base } = form.elements;
  const shown = display(form);
  const two = comparison(form);
  let paused = two.isOpen; // until somebody decides between two texts
  let stored = paused || area.hasAttribute("aria-invalid") ? null : area.value;
  let running = null, sending = null, unanswered = null, refused = null, isTroubled = paused;
  const next = schedule(() => save(), shown.waiting);

  const isDirty = () => area.value !== stored;

  async function send(text, isAutosave) {
    shown.saving();
    sending = text;
    const { status, json } = await put(form.action, { text, base_revision: base.value, ...(isAutosave && { autosave: "1" }) });
    sending = null;
    if (status === 200) return settle(text, json);
    isTroubled = true;
    if (status === 409 && json.current) return collide(text, json.current, isAutosave);
    if (status === 401) return shown.loggedOut(), next.soon(10000);
    if (status >= 400 && status < 500 && status !== 429) {
      refused = text;
      return shown.refused(json.errors?.text?.[0] ?? json.detail);
    }
    unanswered = text; // it may have arrived all the same
    return next.again(status ? "the server has a problem." : "the server does not answer.");
  }

  function settle(text, { revision, at, words }) {
    [stored, unanswered, refused, isTroubled] = [text, null, null, false];
    next.calm();
    base.value = revision ?? "";
    shown.saved(at ?? new Date().toISOString(), words);
    form.dispatchEvent(new CustomEvent("field:saved", { bubbles: true })); // other fields may ask something else now
    return true;
  }

  function collide(text, current, isAutosave) {
    if (unanswered !== null && plain(current.text) === plain(unanswered)) { // our own, whose answer was lost
      unanswered = null;
      base.value = current.revision ?? "";
      return send(text, isAutosave);
    }
    paused = true;
    two.open(text);
    return shown.conflict();
  }

  /** Stores what is typed; false when it could not be. */
  async function save(isAutosave = true) {
    next.stop();
    while (running) await running;
    if (!isDirty()) return true;
    if (paused || area.value === refused) return false;
    running = send(area.value, isAutosave).finally(() => { running = null; });
    const done = await running;
    return done && isDirty() ? save(isAutosave) : Boolean(done);
  }

  function soon(ms) {
    shown.typing();
    if (isTroubled && !refused) return; // tried again soon enough, or not before somebody decides
    next.soon(ms);
  }

  function keepMine() {
    base.value = two.close();
    paused = isTroubled = false;
    return save(false);
  }

  const mayLeave = () => !isDirty() || (!isTroubled && [null, area.value].includes(sending) && area.value.length < LARGEST_FAREWELL / 4);
  return { save, isDirty, soon, keepMine, mayLeave, stop: next.stop };
}
