// A form that was sent is busy until the answer: its button shows it, and a second press does nothing.
const busy = new Map(); // form -> button

function start(form, button) {
  busy.set(form, button);
  form.setAttribute("aria-busy", "true");
  button?.setAttribute("aria-busy", "true");
  button?.setAttribute("aria-disabled", "true"); // not disabled: that would drop focus and the button's value
}

function end(form) {
  const button = busy.get(form);
  busy.delete(form);
  form.removeAttribute("aria-busy");
  button?.removeAttribute("aria-busy");
  button?.removeAttribute("aria-disabled");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("notBusy" in form.dataset) return; // answers with a download
  if (form.method !== "post" && !form.matches("[hx-post], [hx-put], [hx-patch], [hx-delete]")) return;
  if (busy.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  start(form, event.submitter ?? form.querySelector("button[type=submit], button:not([type])"));
}, true);

document.addEventListener("submit", (event) => {
  const byHtmx = event.target._htmx?.initialized;
  if (event.defaultPrevented && !byHtmx) end(event.target); // another script took it
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[aria-disabled=true], .htmx-request:not(form)");
  if (!button?.matches("button, a")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

document.addEventListener("htmx:finally:request", (event) => {
  const form = event.detail.ctx.sourceElement;
  const asked = event.detail.ctx.request.form;
  for (const el of [form, asked]) if (busy.has(el)) end(el);
  for (const el of busy.keys()) if (!el.isConnected) busy.delete(el);
});

addEventListener("pageshow", () => {
  for (const form of [...busy.keys()]) end(form);
});
