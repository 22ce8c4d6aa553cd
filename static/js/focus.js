// Keeps the keyboard's place across swaps: by data-focus-after, by id, or at the swapped part itself.
let before = null;

document.addEventListener("htmx:before:swap", (event) => {
  const active = document.activeElement;
  if (!active || active === document.body) return;
  before = { el: active, id: active.id, targets: event.detail.tasks.map((task) => task.target) };
});

function land(el, preventScroll = true) {
  if (!el) return false;
  if (!el.matches("a[href], button, input, textarea, select, summary, [tabindex]")) el.tabIndex = -1;
  el.focus({ preventScroll });
  return document.activeElement === el;
}

document.addEventListener("htmx:after:swap", (event) => {
  const wanted = document.querySelector("[data-focus-after]");
  if (wanted) {
    wanted.removeAttribute("data-focus-after");
    land(wanted, false);
  } else if (before && (document.activeElement === document.body || !before.el.isConnected)) {
    const target = event.detail.ctx.target;
    const fallback = before.targets.find((el) => el?.isConnected) ?? document.getElementById(target?.id);
    land(document.getElementById(before.id)) || land(fallback);
  }
  before = null;
});

for (const el of document.querySelectorAll("[data-focus-after]")) land(el, false);
