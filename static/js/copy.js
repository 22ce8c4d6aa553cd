// Copies text: data-copy is a selector of its source, data-copy-text the text itself.
import { behave } from "./behaviour.js";
import { announce, notify } from "./notices.js";

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // plain http on a network has no clipboard API
  area.className = "visually-hidden";
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy refused");
}

behave("[data-copy]", (button) => {
  button.addEventListener("click", async () => {
    const source = button.dataset.copy && document.querySelector(button.dataset.copy);
    const text = button.dataset.copyText ?? (source ? source.value ?? source.textContent : "");
    try {
      await write(text);
    } catch {
      notify("The browser did not allow copying. Select the text and copy it by hand.", { kind: "warning" });
      return;
    }
    const use = button.querySelector("use");
    const [sprite, name] = use.getAttribute("href").split("#");
    use.setAttribute("href", `${sprite}#check`);
    announce("Copied");
    setTimeout(() => use.setAttribute("href", `${sprite}#${name === "check" ? "copy" : name}`), 1500);
    button.focus();
  });
});
