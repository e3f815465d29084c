/** Links in a bot's texts: which may be opened, and which send a text for the reader. */

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";

const broken = new Set(); // images that failed are not asked for again each time a text grows
const SAY = /^dtmd:\/\/dingtalkclient\/sendMessage\?(?:.*&)?content=([^&#]*)/i;

/** The text that a `dtmd://dingtalkclient/sendMessage?content=...` link sends; null for other links. */
export function spokenText(url) {
  const match = SAY.exec(url);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1]; // not percent-encoded, but meant as text all the same
  }
}

/** The address if it is safe to open, else null. */
export function safeUrl(url) {
  return isA(url, ["http:", "https:", "mailto:"]) ? url : null;
}

/** An image by address, data or media id; a placeholder with its name if it cannot be shown. */
export function drawImage(source, alt = "") {
  const src = imageUrl(source);
  if (src === null || broken.has(src)) return drawPlaceholder(alt || source);
  const onerror = (event) => {
    broken.add(src);
    event.target.replaceWith(drawPlaceholder(alt || source));
  };
  return h("img", { src, alt, onerror, referrerpolicy: "no-referrer" });
}

/** A link that opens safely or that sends a text for the reader; plain text if neither is possible. */
export function drawLink(url, children, onSay) {
  const text = spokenText(url);
  if (text !== null) {
    const onclick = () => onSay?.(text);
    return h("button", { type: "button", class: "link say", title: t("says", text), onclick }, children);
  }
  const href = safeUrl(url);
  if (href === null) return h("span", { class: "dead-link", title: t("deadLink", url) }, children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, children);
}

function imageUrl(source) {
  if (/^data:image\//i.test(source) || isA(source, ["http:", "https:"])) return source;
  return source.startsWith("@") ? `sim/files/${encodeURIComponent(source)}` : null;
}

function isA(url, protocols) {
  return URL.canParse(url) && protocols.includes(new URL(url).protocol);
}

function drawPlaceholder(name) {
  const label = name.length > 40 ? `${name.slice(0, 24)}…` : name;
  return h(
    "span",
    { class: "placeholder", role: "img", "aria-label": name },
    icon("image"),
    label || t("image"),
  );
}
