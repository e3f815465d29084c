/** The page's calls to the simulator and its stream of events. */

import { t } from "./i18n.js";

const RETRY_MS = 1500;

/** Send a message; resolves to `{ok, error}`. Status 409 is no error: the chat shows that the bot did not get it. */
export async function sendMessage(app, user, text, group) {
  const { status, body } = await call("POST", "sim/messages", { app, user, text, group });
  if (status === 200 || status === 409) return { ok: true };
  return { ok: false, error: status === 404 ? t("request404") : describe(status, body) };
}

/** Press a card's button; resolves to `{ok, error}`. */
export async function sendClick(card, user, action) {
  const { status, body } = await call("POST", "sim/clicks", { card, user, action, params: {} });
  return status === 200
    ? { ok: body.ok === true, error: body.error ?? "" }
    : { ok: false, error: describe(status, body) };
}

/** Change settings; resolves to `{ok, error}`. */
export async function saveSettings(changes) {
  const { status, body } = await call("PUT", "sim/settings", changes);
  return status === 200 ? { ok: true } : { ok: false, error: describe(status, body) };
}

/** Follow the simulator's events for ever; `onStatus(here)` is called when the connection is lost or comes back. */
export function followEvents(onEvent, onStatus) {
  const source = new EventSource("sim/events");
  source.onopen = () => onStatus(true);
  source.onmessage = (event) => onEvent(JSON.parse(event.data));
  source.onerror = () => {
    onStatus(false);
    if (source.readyState !== EventSource.CLOSED) return; // the browser retries by itself
    setTimeout(() => followEvents(onEvent, onStatus), RETRY_MS);
  };
}

async function call(method, path, payload) {
  try {
    const response = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(payload),
    });
    return { status: response.status, body: await response.json().catch(() => ({})) };
  } catch {
    return { status: 0, body: {} };
  }
}

function describe(status, body) {
  return body.error ?? body.message ?? (status === 0 ? t("unreachable") : `HTTP ${status}`);
}
