// A strip that scrolls sideways starts with its current item in view.
import { behave } from "./behaviour.js";

behave("[data-scroll-current]", (strip) => {
  const current = strip.querySelector("[aria-current]");
  if (!current || strip.scrollWidth <= strip.clientWidth) return;
  const [outer, inner] = [strip.getBoundingClientRect(), current.getBoundingClientRect()];
  strip.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
});
