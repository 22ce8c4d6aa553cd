// Menus made of <details>: Escape and a click outside close them, and focus goes back to what opened them.
const open = () => document.querySelectorAll("details[data-menu][open]");

function close(menu, refocus) {
  const inside = menu.contains(document.activeElement);
  menu.open = false;
  if (refocus && inside) menu.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  for (const menu of open()) {
    const within = menu.contains(event.target);
    const chosen = within && event.target.closest(".menu__item") && !event.target.closest("[data-menu-keep]");
    if (!within || chosen) close(menu, chosen);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const last = [...open()].pop();
    if (!last) return;
    event.stopPropagation();
    close(last, true);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const menu = document.activeElement?.closest?.("details[data-menu][open]");
    if (!menu || document.activeElement.matches("input, textarea, select")) return;
    const items = [...menu.querySelectorAll(".menu__item")];
    const place = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    (items[place] ?? items.at(place < 0 ? -1 : 0))?.focus();
  }
});

document.addEventListener("focusin", (event) => {
  for (const menu of open()) if (!menu.contains(event.target) && event.target !== document.body) menu.open = false;
});
