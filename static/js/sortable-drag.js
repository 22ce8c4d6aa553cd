// Puts a list in order by dragging the grip with mouse, pen or finger. The keyboard's part is in sortable.js.
import { behave } from "./behaviour.js";
import { announce } from "./notices.js";
import { commit, items } from "./sortable.js";

const EDGE = 60; // px from the window's edge where the page begins to scroll

function middle(el) {
  const { top, height } = el.getBoundingClientRect();
  return top + height / 2;
}

behave("[data-sortable]", (list) => {
  list.addEventListener("pointerdown", (down) => {
    const grip = down.target.closest("[data-sortable-grip]");
    if (!grip || down.button !== 0) return;
    const item = grip.closest("[data-sortable-item]");
    const before = items(list);
    grip.setPointerCapture(down.pointerId);
    let dragging = false;

    const move = (event) => {
      if (!dragging && Math.abs(event.clientY - down.clientY) < 4) return;
      dragging = true;
      item.classList.add("is-dragged");
      if (event.clientY < EDGE) scrollBy(0, -12);
      if (event.clientY > innerHeight - EDGE) scrollBy(0, 12);
      const all = items(list);
      const place = all.indexOf(item);
      // The neighbours move, not the item: an element that moves loses its pointer and its focus.
      for (const other of all.slice(place + 1)) if (event.clientY > middle(other)) item.before(other);
      for (const other of all.slice(0, place).reverse()) if (event.clientY < middle(other)) item.after(other);
    };

    const end = (event) => {
      list.removeEventListener("pointermove", move);
      list.removeEventListener("pointerup", end);
      list.removeEventListener("pointercancel", end);
      item.classList.remove("is-dragged");
      if (!dragging) return;
      if (event.type === "pointercancel") list.append(...before);
      else {
        announce(`${item.dataset.sortableLabel}, dropped at position ${items(list).indexOf(item) + 1}`);
        commit(list, before);
      }
    };

    list.addEventListener("pointermove", move);
    list.addEventListener("pointerup", end);
    list.addEventListener("pointercancel", end);
  });
});
