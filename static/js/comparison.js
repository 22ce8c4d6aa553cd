// The place in a field's form where two texts are compared when somebody else was faster. The server draws it.

export function comparison(form) {
  const place = () => form.querySelector(".comparison");
  return {
    get isOpen() { return place().dataset.theirs !== undefined; },
    /** Shows what `text` would change of theirs. */
    open: (text) => htmx.ajax("POST", `${form.action}/comparison`, { source: form, target: place(), swap: "outerHTML", values: { text } }),
    /** Closes it for the one who keeps the own text; returns the revision that is then written over. */
    close() {
      const { theirs } = place().dataset;
      place().removeAttribute("data-theirs");
      place().replaceChildren();
      return theirs;
    },
  };
}
