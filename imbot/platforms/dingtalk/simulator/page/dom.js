/** DOM building blocks: the page draws itself anew, `morph` then changes only what differs. */

const SVG = "http://www.w3.org/2000/svg";
const HANDLERS = ["onchange", "onclick", "onerror"];

const ICONS = {
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v10H9zM15 9V5H5v10h4",
  down: "M12 5v14M6 13l6 6 6-6",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 9.5h.01",
  panel: "M4 5h16v14H4zM14.5 5v14",
  send: "M4.5 12L20 4.5 15.5 20l-4-6.5zM11.5 13.5L20 4.5",
  spark:
    "M12 3.5l1.9 5.1a2.5 2.5 0 0 0 1.5 1.5l5.1 1.9-5.1 1.9a2.5 2.5 0 0 0-1.5 1.5L12 20.5l-1.9-5.1a2.5 2.5 0 0 0-1.5-1.5L3.5 12l5.1-1.9a2.5 2.5 0 0 0 1.5-1.5z",
  theme: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.5h.01",
};

/** An element with attributes (functions become handlers, false and null are left out) and children. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node[name] = value;
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

/** One of the line icons, as large as the text around it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * Make `live` look like `fresh`, keeping nodes, focus, selection and running animations.
 * The content of an element with `data-own` is drawn by other code, so it is left as it is.
 */
export function morph(live, fresh) {
  if (live.nodeName !== fresh.nodeName) {
    live.replaceWith(fresh);
    return fresh;
  }
  if (live.nodeType === Node.TEXT_NODE) morphText(live, fresh.data);
  else if (live.nodeType === Node.ELEMENT_NODE) morphElement(live, fresh);
  return live;
}

/** Replace the children of `parent` by these, keeping what is equal. */
export function fill(parent, ...children) {
  const fresh = h(parent.nodeName, {}, ...children);
  morphChildren(parent, fresh);
}

function morphText(live, text) {
  if (live.data === text) return;
  if (text.startsWith(live.data)) live.appendData(text.slice(live.data.length));
  else live.data = text;
}

function morphElement(live, fresh) {
  for (const { name } of [...live.attributes]) if (!fresh.hasAttribute(name)) live.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (live.getAttribute(name) === value) continue;
    if (name === "style")
      live.style.cssText = value; // the content policy does not allow setting the attribute
    else live.setAttribute(name, value);
  }
  for (const name of HANDLERS) live[name] = fresh[name];
  if (!fresh.hasAttribute("data-own")) morphChildren(live, fresh);
}

function morphChildren(live, fresh) {
  const before = [...live.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((node, index) => (index < before.length ? morph(before[index], node) : live.append(node)));
  before.slice(after.length).forEach((node) => node.remove());
}
