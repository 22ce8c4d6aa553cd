// Saves fields while they are typed (form[data-autosave]); whatever needs the text stored waits for it ([data-after-save]).
import { behave } from "./behaviour.js";
import { notify } from "./notices.js";
import { saver } from "./saver.js";

const PAUSE = 800; // ms without a key before the text is saved
const savers = new Map(); // form -> saver

behave("form[data-autosave]", (form) => {
  const mine = saver(form);
  savers.set(form, mine);
  form.elements.text.addEventListener("input", () => mine.soon(PAUSE));
  form.elements.text.addEventListener("blur", () => mine.save());
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    event.submitter?.hasAttribute("data-keep-mine") ? mine.keepMine() : mine.save(false);
  });
  return () => {
    mine.stop();
    savers.delete(form);
  };
});

const formOf = (el) => document.getElementById(el?.closest("[data-after-save]")?.dataset.afterSave);

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[type=submit]");
  const mine = savers.get(formOf(button));
  if (!mine?.isDirty()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await mine.save()) button.click();
  else notify("Your text is not saved yet, so nothing was asked or accepted. See the field for the reason.", { kind: "error" });
}, true);

// Between a click and its answer the text stands still: the answer may replace it.
const hold = (event, still) => {
  const form = formOf(event.detail.ctx.sourceElement);
  if (savers.has(form)) form.elements.text.readOnly = still;
};
document.addEventListener("htmx:before:request", (event) => hold(event, true));
document.addEventListener("htmx:finally:request", (event) => hold(event, false));

addEventListener("pagehide", () => savers.forEach((each) => each.isDirty() && each.save()));
addEventListener("focus", () => savers.forEach((each) => each.isDirty() && each.save()));
addEventListener("beforeunload", (event) => {
  if ([...savers.values()].some((each) => !each.mayLeave())) event.preventDefault();
});
