// Opens and closes native dialogs: data-dialog-open="id", data-dialog-close, and a click on what lies behind. What was fetched
// into [data-dialog-fetched] is gone once its dialog closes, so that nobody types into the last one's form.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog-open]");
  const dialog = opener && document.getElementById(opener.dataset.dialogOpen);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  if (event.target.closest?.("[data-dialog-close]")) event.target.closest("dialog")?.close();
  else if (event.target.matches?.("dialog[data-dialog]")) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});
document.addEventListener("close", (event) => event.target.querySelector?.("[data-dialog-fetched]")?.replaceChildren(), true);
