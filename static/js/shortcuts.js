// Keys: "/" goes to the search; [data-shortcut="a"] answers while its [data-shortcuts] panel has focus, never while typing.
const typing = (el) => el?.matches?.("input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable=true]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if ("noShortcuts" in document.body.dataset) return;
  if (event.key === "/") {
    const search = [...document.querySelectorAll("[data-search]")].find((el) => el.checkVisibility());
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
    return;
  }
  const panel = event.target.closest?.("[data-shortcuts]");
  const button = panel && [...panel.querySelectorAll("[data-shortcut]")].find((el) => el.dataset.shortcut === event.key);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
});
