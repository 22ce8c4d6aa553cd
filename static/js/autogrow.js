// Textareas grow with their text. Browsers with field-sizing need no help.
import { behave } from "./behaviour.js";

if (!CSS.supports("field-sizing", "content")) {
  behave("textarea[data-autogrow]", (area) => {
    const grow = () => {
      area.style.height = "auto";
      area.style.height = `${area.scrollHeight + 2}px`;
    };
    area.addEventListener("input", grow);
    const watch = new ResizeObserver(() => area.scrollHeight > area.clientHeight && grow());
    watch.observe(area);
    grow();
    return () => watch.disconnect();
  });
}
