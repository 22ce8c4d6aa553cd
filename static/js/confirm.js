// Asks before what cannot be undone, in a dialog: data-confirm on a form or button, hx-confirm anywhere.
function ask(text, { action = "Continue", danger = false } = {}) {
  return new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.setAttribute("aria-label", "Please confirm");
    const body = document.createElement("p");
    body.className = "dialog__body";
    body.textContent = text;
    const foot = document.createElement("div");
    foot.className = "dialog__foot";
    const back = action === "Cancel" ? "Go back" : "Cancel"; // what is to be cancelled has a button of that name
    const buttons = [[back, "secondary", ""], [action, danger ? "danger" : "primary", "yes"]].map(([label, kind, value]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = `button button--${kind}`;
      button.textContent = label;
      button.addEventListener("click", () => dialog.close(value));
      return button;
    });
    foot.append(...buttons);
    const head = document.createElement("div");
    head.className = "dialog__head";
    dialog.append(head, body, foot);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    buttons[0].focus();
  });
}

const options = (el) => ({ action: el.dataset.confirmAction, danger: "confirmDanger" in el.dataset });

document.addEventListener("htmx:confirm", async (event) => {
  event.preventDefault();
  const { ctx, issueRequest, dropRequest } = event.detail;
  (await ask(ctx.confirm, options(ctx.sourceElement))) ? issueRequest() : dropRequest();
});

const agreed = new WeakSet();
document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const source = submitter?.dataset.confirm ? submitter : form;
  if (!source.dataset.confirm || agreed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!(await ask(source.dataset.confirm, options(source)))) return;
  agreed.add(form);
  form.requestSubmit(submitter);
}, true);
