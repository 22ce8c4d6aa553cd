// Puts a list in order by keyboard: Space lifts, arrows move, Space drops, Escape takes back. Dragging is in sortable-drag.js.
import { behave } from "./behaviour.js";
import { announce } from "./notices.js";

export const items = (list) => [...list.querySelectorAll(":scope > [data-sortable-item]")];

/** Tells the page and sends the enclosing form, if the order has changed. */
export function commit(list, before) {
  if (items(list).every((item, place) => item === before[place])) return;
  list.dispatchEvent(new CustomEvent("sortable:change", { bubbles: true }));
  list.closest("form")?.requestSubmit();
}

const where = (list, item) => `position ${items(list).indexOf(item) + 1} of ${items(list).length}`;

behave("[data-sortable]", (list) => {
  let lifted = null; // {item, grip, before}

  function drop(keep) {
    const { item, grip, before } = lifted;
    lifted = null;
    if (!keep) list.append(...before);
    item.classList.remove("is-lifted");
    grip.setAttribute("aria-pressed", "false");
    grip.focus();
    announce(`${item.dataset.sortableLabel}, ${keep ? "dropped at" : "back at"} ${where(list, item)}`);
    if (keep) commit(list, before);
  }

  function lift(grip) {
    const item = grip.closest("[data-sortable-item]");
    lifted = { item, grip, before: items(list) };
    item.classList.add("is-lifted");
    grip.setAttribute("aria-pressed", "true");
    announce(`${item.dataset.sortableLabel}, lifted, ${where(list, item)}. Arrow keys move, Space drops, Escape takes back.`);
  }

  function move({ item }, step) {
    const all = items(list);
    const other = all[all.indexOf(item) + step];
    if (!other) return;
    step < 0 ? item.after(other) : item.before(other); // the neighbour moves, so focus stays where it is
    announce(where(list, item));
  }

  list.addEventListener("keydown", (event) => {
    const grip = event.target.closest("[data-sortable-grip]");
    if (!grip) return;
    const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
    if (event.key === " " || event.key === "Enter") lifted ? drop(true) : lift(grip);
    else if (lifted && event.key === "Escape") drop(false);
    else if (lifted && step) move(lifted, step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("focusout", (event) => {
    if (lifted && event.target === lifted.grip && event.relatedTarget) drop(true);
  });
});
