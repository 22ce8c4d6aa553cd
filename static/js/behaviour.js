// Binds behaviours to elements: now, and again to whatever htmx brings in. The one place that knows when that happens.
const behaviours = [];
const bound = new Map(); // element -> cleanups

function bind(root, { selector, attach, seen }) {
  const found = root.matches?.(selector) ? [root] : [];
  for (const el of [...found, ...root.querySelectorAll(selector)]) {
    if (seen.has(el)) continue;
    seen.add(el);
    const cleanup = attach(el);
    if (cleanup) bound.set(el, [...(bound.get(el) ?? []), cleanup]);
  }
}

function sweep() {
  for (const [el, cleanups] of bound) {
    if (el.isConnected) continue;
    bound.delete(el);
    for (const behaviour of behaviours) behaviour.seen.delete(el);
    for (const cleanup of cleanups) cleanup();
  }
}

/** Calls attach(el) once for each element that matches, now or later; what it returns is called when the element has gone. */
export function behave(selector, attach) {
  const behaviour = { selector, attach, seen: new WeakSet() };
  behaviours.push(behaviour);
  if (document.body) bind(document.body, behaviour);
}

/** Binds everything inside root; for markup that our own scripts insert. */
export function refresh(root) {
  for (const behaviour of behaviours) bind(root, behaviour);
}

document.addEventListener("htmx:after:process", (event) => refresh(event.target));
document.addEventListener("htmx:finally:swap", sweep);
