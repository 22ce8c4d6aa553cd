// Server-sent events over fetch, because EventSource hides the status: 401 must lead to the login, 404 and 410 must end.
const GONE = [401, 403, 404, 410];
const SILENCE = 20000; // ms without a byte (the server sends a comment every few seconds) before the line counts as dead
const FIRST = 500;
const LONGEST = 15000;

function reader(onEvent, seen) {
  let rest = "";
  let event = { name: "message", data: [] };
  return (chunk) => {
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data.length) onEvent(event.name, event.data.join("\n"));
        event = { name: "message", data: [] };
        continue;
      }
      const [, field, value] = line.match(/^([^:]*):? ?(.*)$/s);
      if (field === "event") event.name = value;
      else if (field === "data") event.data.push(value);
      else if (field === "id") seen.id = value;
      else if (field === "retry" && /^\d+$/.test(value)) seen.retry = Number(value);
    }
  };
}

/** Reads a stream until closed, resuming where it broke. onEvent(name, data), onEnd() on a clean end: true ends it, onStop(status). */
export function openStream(url, { onEvent, onEnd, onStop }) {
  const seen = { id: "", retry: FIRST };
  let failures = 0;
  let closed = false;
  let abort, timer;

  async function connect() {
    abort = new AbortController();
    const dead = () => abort.abort();
    let silence = setTimeout(dead, SILENCE);
    try {
      const headers = { Accept: "text/event-stream", ...(seen.id && { "Last-Event-ID": seen.id }) };
      const response = await fetch(url, { headers, cache: "no-store", redirect: "manual", signal: abort.signal });
      const status = response.type === "opaqueredirect" ? 401 : response.status;
      if (GONE.includes(status)) return stop(status);
      if (!response.ok || !response.body) throw new Error(`status ${status}`);
      const feed = reader(onEvent, seen);
      const body = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await body.read(); !part.done && !closed; part = await body.read()) {
        failures = 0;
        clearTimeout(silence);
        silence = setTimeout(dead, SILENCE);
        feed(part.value);
      }
      if (!closed && onEnd()) closed = true;
    } catch { /* broken or aborted: tried again below unless closed */ } finally {
      clearTimeout(silence);
      if (!closed) timer = setTimeout(connect, Math.min(LONGEST, seen.retry * 2 ** failures++) * (0.5 + Math.random()));
    }
  }

  function stop(status) {
    closed = true;
    abort.abort();
    onStop(status);
  }

  queueMicrotask(connect); // so that the caller may set seen.id first
  return { url, close() { closed = true; clearTimeout(timer); abort?.abort(); }, get closed() { return closed; }, seen };
}
