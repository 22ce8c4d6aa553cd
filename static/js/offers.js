// Several suggestions for a field: one is seen at a time, arrows lead through them. Editing one starts in its text.
import { behave } from "./behaviour.js";

const all = (list) => [...list.querySelectorAll(":scope > [data-offer]")];

function show(list, wanted) {
  list.dataset.offers = wanted.id;
  for (const offer of all(list)) offer.hidden = offer !== wanted;
}

behave("[data-offer]", (offer) => {
  const list = offer.closest("[data-offers]");
  if (!list) return;
  show(list, all(list).find((each) => each.id === list.dataset.offers) ?? all(list)[0]);
  offer.addEventListener("click", (event) => {
    const step = Number(event.target.closest("[data-offer-step]")?.dataset.offerStep);
    if (!step) return;
    const offers = all(list);
    const next = offers.at((offers.indexOf(offer) + step) % offers.length);
    show(list, next);
    next.focus();
  });
});

behave("details[data-focus-inside]", (details) => {
  const begin = () => details.open && details.querySelector("textarea")?.focus();
  details.querySelector("summary").addEventListener("click", () => requestAnimationFrame(begin)); // not when it comes open
});

behave("[data-asked]", (el) => {
  el.addEventListener("live:state", ({ detail }) => {
    if (detail.model) el.textContent = detail.model;
  });
});
