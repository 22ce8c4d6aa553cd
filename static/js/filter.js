// Narrows a list while one types: data-filter="#list" on the field, data-filter-text on each entry of the list.
import { behave } from "./behaviour.js";

behave("[data-filter]", (field) => {
  const list = document.querySelector(field.dataset.filter);
  const entries = [...list.querySelectorAll("[data-filter-text]")];
  const none = list.querySelector("[data-filter-none]");
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const entry of entries) entry.hidden = !words.every((word) => entry.dataset.filterText.includes(word));
    if (none) none.hidden = entries.some((entry) => !entry.hidden);
    for (const fold of list.querySelectorAll("details")) if (words.length) fold.open = fold.querySelector("[data-filter-text]:not([hidden])") !== null;
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it must not send the form around it
  });
});
