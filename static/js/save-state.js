// The words beside a field that say whether its text is safe, and the line under it that says why not.
import { refresh } from "./behaviour.js";
import { loginLink } from "./errors.js";
import { announce } from "./notices.js";

const KEPT = "Your text stays here";

function write(el, text, time, link) {
  el.replaceChildren(text);
  if (time) {
    const stamp = document.createElement("time");
    stamp.dateTime = time;
    stamp.dataset.relative = "";
    el.append(" ", stamp);
    refresh(el);
  }
  if (link) {
    const a = document.createElement("a");
    Object.assign(a, { href: link.href, textContent: link.label, target: "_blank", rel: "opener" });
    el.append(" ", a);
  }
}

/** The display of one form: call it with a state and what belongs to it. */
export function display(form) {
  const article = form.closest("article") ?? form;
  const state = article.querySelector("[data-save-state]");
  const error = form.querySelector("[data-save-error]");
  const summary = document.querySelector("[data-save-summary]");
  const area = form.elements.text;
  let kind = "";

  const say = (next, text, { time, link, problem = "" } = {}) => {
    if (state) write(state, text, time, link);
    if (summary) write(summary, next === "saved" ? "saved" : text, time);
    state?.classList.toggle("save-state--trouble", next === "trouble");
    if (error) {
      error.hidden = !problem;
      error.querySelector("span").textContent = problem;
      area.toggleAttribute("aria-invalid", Boolean(problem));
    }
    if (next !== kind && next === "trouble") announce(`${form.dataset.label}: ${problem || text}`);
    kind = next;
  };

  return {
    typing: () => kind !== "trouble" && say("typing", "Not saved yet"),
    saving: () => kind !== "trouble" && say("saving", "Saving…"),
    saved: (time, words) => {
      say("saved", "Saved", { time });
      article.querySelector("[data-origin]")?.replaceChildren();
      for (const link of article.querySelectorAll("[data-history]")) link.removeAttribute("hidden");
      const count = article.querySelector("[data-words]");
      if (count) count.textContent = `${words.toLocaleString("en")} ${words === 1 ? "word" : "words"}`;
    },
    waiting: (why, seconds) => say("trouble", `Not saved: ${why} ${KEPT}; trying again in ${seconds} s`),
    loggedOut: () => say("trouble", `Not saved: you are logged out. ${KEPT} and is saved once you are back.`, { link: loginLink() }),
    refused: (why) => say("trouble", `Not saved. ${KEPT}.`, { problem: why ?? "The server refused this text." }),
    conflict: () => say("trouble", `Not saved: somebody else changed this field. ${KEPT}.`),
  };
}
