// Counts a text against its limit while it is typed ([data-counter="id of the control"]), as the server counts it.
import { behave } from "./behaviour.js";
import { announce } from "./notices.js";

const COUNT = { characters: (text) => [...text].length, words: (text) => text.match(/\S+/g)?.length ?? 0 };
const said = new Intl.NumberFormat("en");

behave("[data-counter]", (shown) => {
  const control = document.getElementById(shown.dataset.counter);
  const { counterUnit: unit, counterMost } = shown.dataset;
  const most = Number(counterMost);
  const count = () => {
    const has = COUNT[unit](control.value);
    const words = `${said.format(has)} of ${said.format(most)} ${unit}`;
    const was = shown.classList.contains("is-over");
    shown.textContent = has > most ? `${words}, ${said.format(has - most)} too many` : words;
    shown.classList.toggle("is-over", has > most);
    if (was !== has > most) announce(shown.textContent); // not at every key
  };
  control.addEventListener("input", count);
  return () => control.removeEventListener("input", count);
});
