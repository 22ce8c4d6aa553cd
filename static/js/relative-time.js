// <time data-relative> says "2 minutes ago" and keeps saying the right thing; the exact time stays in its title.
import { behave } from "./behaviour.js";

const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const units = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const shown = new Set();

function say(el) {
  const seconds = (new Date(el.dateTime) - Date.now()) / 1000;
  if (Number.isNaN(seconds)) return;
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  const text = Math.abs(seconds) < 10 ? "just now" : words.format(Math.trunc(seconds / size), unit);
  if (el.textContent !== text) el.textContent = text;
}

behave("time[data-relative]", (el) => {
  el.title = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" }).format(new Date(el.dateTime));
  say(el);
  shown.add(el);
  return () => shown.delete(el);
});

setInterval(() => {
  if (!document.hidden) for (const el of shown) say(el);
}, 10000);
