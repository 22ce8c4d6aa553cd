// Moves cards between the columns of a board ([data-board]) by dragging their grip, or by keyboard: Space lifts, arrows
// choose the column, Space drops, Escape takes back. What moves is the card's own form; the server draws the board anew.
import { behave } from "./behaviour.js";
import { announce } from "./notices.js";

const EDGE = 60; // px from the window's edge where the page begins to scroll
const columns = (board) => [...board.querySelectorAll("[data-board-column]")];
const columnOf = (el) => el?.closest("[data-board-column]");

function send(item, column) {
  if (!column || column === columnOf(item)) return;
  const form = item.querySelector("[data-board-move]");
  form.elements.section.value = column.dataset.boardColumn;
  form.requestSubmit();
}

const mark = (board, column) => columns(board).forEach((each) => each.classList.toggle("is-target", each === column));

behave("[data-board]", (board) => {
  let lifted = null; // {item, grip, column}

  function drop(keep) {
    const { item, grip, column } = lifted;
    lifted = null;
    grip.setAttribute("aria-pressed", "false");
    mark(board, null);
    announce(`${item.dataset.boardLabel}, ${keep ? `dropped in ${column.dataset.boardName}` : "not moved"}`);
    if (keep) send(item, column);
  }

  function choose(step) {
    const all = columns(board);
    const next = all[all.indexOf(lifted.column) + step];
    if (!next) return;
    lifted.column = next;
    mark(board, next);
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
    announce(next.dataset.boardName);
  }

  board.addEventListener("keydown", (event) => {
    const grip = event.target.closest("[data-board-grip]");
    if (!grip) return;
    const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
    if (event.key === " " || event.key === "Enter") {
      if (lifted) drop(true);
      else {
        const item = grip.closest("[data-board-item]");
        lifted = { item, grip, column: columnOf(item) };
        grip.setAttribute("aria-pressed", "true");
        announce(`${item.dataset.boardLabel}, lifted. Arrow keys choose a section, Space drops, Escape takes back.`);
      }
    } else if (lifted && event.key === "Escape") drop(false);
    else if (lifted && step) choose(step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  board.addEventListener("focusout", () => lifted && drop(false));

  board.addEventListener("pointerdown", (down) => {
    const grip = down.target.closest("[data-board-grip]");
    if (!grip || down.button !== 0) return;
    const item = grip.closest("[data-board-item]");
    let target = null;
    grip.setPointerCapture(down.pointerId);
    const move = (event) => {
      if (!target && Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < 4) return;
      item.classList.add("is-dragged");
      if (event.clientY < EDGE) scrollBy(0, -12);
      if (event.clientY > innerHeight - EDGE) scrollBy(0, 12);
      target = columnOf(document.elementFromPoint(event.clientX, event.clientY)) ?? target ?? columnOf(item);
      mark(board, target);
    };
    const end = (event) => {
      for (const name of ["pointermove", "pointerup", "pointercancel"]) grip.removeEventListener(name, name === "pointermove" ? move : end);
      item.classList.remove("is-dragged");
      mark(board, null);
      if (event.type === "pointerup" && target) send(item, target);
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("pointerup", end);
    grip.addEventListener("pointercancel", end);
  });
});
