// One PUT of a field's text. Small ones outlive their page, so that leaving it loses nothing.

export const LARGEST_FAREWELL = 60000; // bytes; browsers let requests of up to 64 KiB outlive their page
const PATIENCE = 20000; // ms

/** {status, json}; status 0 when no answer came. */
export async function put(url, values) {
  const body = new URLSearchParams(values);
  const keepalive = body.toString().length < LARGEST_FAREWELL;
  try {
    const answer = await fetch(url, { method: "PUT", body, keepalive, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE) });
    return { status: answer.status, json: await answer.json().catch(() => ({})) };
  } catch {
    return { status: 0, json: {} };
  }
}
