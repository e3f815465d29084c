/** Markdown to DOM: blocks here, lines in inline.js. Built for text that grows while it is read. */

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { TAIL, drawInline } from "./inline.js";

const FENCE = /^( {0,3})(`{3,}|~{3,})\s*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(?:\s+(.*))?$/;
const DELIMITER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const BLOCKS = [parseFence, parseHeading, parseRule, parseQuote, parseTable, parseList, parseParagraph];
const BREAKS = "br, p, li, th, td, pre, hr, h1, h2, h3, h4, h5, h6"; // after which a word ends
const DEEPEST = 12;
const LONG_EM = 10; // as in markdown.css

/**
 * Markdown as an element. `streaming`: more will come, so open marks are drawn as if closed and a
 * cursor is at the end. `onSay(text)`: a link that sends a text for the reader was pressed.
 */
export function renderMarkdown(source, { streaming = false, onSay } = {}) {
  const text = String(source).replaceAll(TAIL, "").replace(/\r\n?/g, "\n").replace(/\t/g, "    ");
  const lines = (streaming ? settle(text) + TAIL : text).split("\n");
  return h("div", { class: "markdown" }, drawBlocks(lines, { onSay, depth: 0 }));
}

/** What a reader sees of a Markdown text, on one line. */
export function plainText(source) {
  const element = renderMarkdown(source);
  for (const node of element.querySelectorAll(".code-head")) node.remove();
  for (const node of element.querySelectorAll(BREAKS)) node.after(" ");
  return element.textContent.replace(/\s+/g, " ").trim();
}

/** A growing text without the half-written mark at its end, which would flicker. */
function settle(text) {
  const trimmed = text.trimEnd();
  if (insideFence(trimmed)) return trimmed.replace(/\n {0,3}(?:`{1,2}|~{1,2})$/, "");
  return trimmed
    .replace(/(^|\n)[ >]*(?:[-*+]|#{1,6}|>|\d{1,3}[.)]|`{1,2})$/, "$1")
    .replace(/!\[[^\]\n]*(?:\]\([^)\n]*)?\]?$/, "")
    .replace(/\[([^\]\n]*)\](?:\([^)\n]*)?$/, "$1")
    .replace(/<a\b[^>\n]*>([^<\n]*)(?:<\/?a?)?$/i, "$1")
    .replace(/<(?:\/?(?:a|b|br|f|fo|fon|font)(?:\s[^>\n]*)?\/?)?$/i, "")
    .replace(/[*_~`]{1,3}$/, "")
    .trimEnd();
}

function insideFence(text) {
  let open = "";
  for (const line of text.split("\n")) {
    if (open) open = closesFence(line, open) ? "" : open;
    else open = FENCE.exec(line)?.[2] ?? "";
  }
  return open !== "";
}

function closesFence(line, open) {
  const mark = /^ {0,3}(`{3,}|~{3,})\s*$/.exec(line.replace(TAIL, ""))?.[1];
  return mark !== undefined && mark[0] === open[0] && mark.length >= open.length;
}

function drawBlocks(lines, context) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const parsers = context.depth < DEEPEST ? BLOCKS : [parseParagraph];
    for (const parse of parsers) {
      const block = parse(lines, at, context);
      if (!block) continue;
      if (block.node) nodes.push(block.node);
      at = block.next;
      break;
    }
  }
  return nodes;
}

function parseFence(lines, start) {
  const [, indent, open, info] = FENCE.exec(lines[start].replace(TAIL, "")) ?? [];
  if (!open) return null;
  let end = start + 1;
  while (end < lines.length && !closesFence(lines[end], open)) end += 1;
  const code = lines
    .slice(start + 1, end)
    .map((line) => line.replace(new RegExp(`^ {0,${indent.length}}`), ""));
  return { node: drawCodeBlock(code.join("\n"), info.trim().split(/\s/)[0]), next: end + 1 };
}

function drawCodeBlock(text, language) {
  const code = text.replace(TAIL, "");
  const cursor = code !== text && h("span", { class: "cursor", "aria-hidden": "true" });
  const copy = h(
    "button",
    { type: "button", class: "copy", "aria-label": t("copy"), onclick: copyCode },
    icon("copy"),
    h("span", {}, t("copy")),
  );
  const head = h("div", { class: "code-head" }, h("span", {}, language || t("code")), copy);
  const body = h("pre", { tabindex: "0" }, h("code", {}, code, cursor));
  return h("div", { class: "code" }, head, body);
}

async function copyCode(event) {
  const button = event.currentTarget;
  const label = button.querySelector("span");
  try {
    await navigator.clipboard.writeText(button.closest(".code").querySelector("code").textContent);
    label.textContent = t("copied");
  } catch {
    label.textContent = t("copyFailed"); // no permission, or the page is not on a secure origin
  }
  setTimeout(() => (label.textContent = t("copy")), 1500);
}

function parseHeading(lines, at, context) {
  const [, marks, text = ""] = HEADING.exec(lines[at]) ?? [];
  if (!marks) return null;
  const node = text && h(`h${marks.length}`, {}, drawInline(text, context));
  return { node, next: at + 1 };
}

function parseRule(lines, at) {
  return RULE.test(lines[at].replace(TAIL, "")) ? { node: h("hr"), next: at + 1 } : null;
}

function parseQuote(lines, start, context) {
  if (!QUOTE.test(lines[start])) return null;
  let end = start + 1;
  while (end < lines.length && (QUOTE.test(lines[end]) || continues(lines, end))) end += 1;
  const inner = lines.slice(start, end).map((line) => line.replace(QUOTE, ""));
  return { node: h("blockquote", {}, drawBlocks(inner, deeper(context))), next: end };
}

function parseTable(lines, start, context) {
  if (!lines[start].includes("|") || !delimits(lines, start + 1)) return null;
  const header = splitRow(lines[start]);
  const marks = splitRow((lines[start + 1] ?? "").replace(TAIL, ""));
  const aligns = header.map((_, index) => alignment(marks[index] ?? ""));
  let end = start + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const rows = lines.slice(start + 2, end).map(splitRow);
  const drawCell = (tag, text, index) => {
    const look = [aligns[index], isLong(text) && "long"].filter(Boolean).join(" ");
    return h(tag, { class: look || null }, drawInline(text, context));
  };
  const drawRow = (tag, cells) =>
    h(
      "tr",
      {},
      header.map((_, index) => drawCell(tag, cells[index] ?? "", index)),
    );
  const table = h(
    "table",
    {},
    h("thead", {}, drawRow("th", header)),
    h(
      "tbody",
      {},
      rows.map((row) => drawRow("td", row)),
    ),
  );
  return {
    node: h("div", { class: "table", tabindex: "0", role: "group", "aria-label": t("table") }, table),
    next: end,
  };
}

/** Whether this line separates a table's head; at the end of a growing text a half or missing one does too. */
function delimits(lines, at) {
  const line = lines[at] ?? "";
  if (line.includes(TAIL)) return /^[\s|:-]*$/.test(line.replace(TAIL, ""));
  if (at < lines.length) return line.includes("|") && DELIMITER.test(line);
  return lines[at - 1].includes(TAIL) && /^\s*\|/.test(lines[at - 1]);
}

function splitRow(line) {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/\|\s*(\uE000?)$/, "$1");
  const hidden = inner.replace(/\\\||`[^`]*`/g, (text) =>
    text === "\\|" ? "\u0001" : text.replaceAll("|", "\u0001"),
  );
  return hidden.split("|").map((cell) => cell.trim().replaceAll("\u0001", "|"));
}

/** Whether the text of a cell may be broken into lines. */
function isLong(text) {
  return [...text.slice(0, 80)].reduce((sum, char) => sum + (char.codePointAt(0) < 0x2e80 ? 0.55 : 1), 0) > LONG_EM;
}

function alignment(mark) {
  if (!mark.endsWith(":")) return null;
  return mark.startsWith(":") ? "center" : "right";
}

function parseList(lines, start, context) {
  const first = itemAt(lines, start);
  if (!first) return null;
  const items = [];
  let at = start;
  for (let item = first; item && sameList(first, item); item = itemAt(lines, at)) {
    const end = endOfItem(lines, at, item);
    items.push(drawItem(lines.slice(at + 1, end), item, context));
    at = skipBlank(lines, end);
  }
  const number = first.ordered ? parseInt(first.mark, 10) : 1;
  const node = first.ordered ? h("ol", { start: number === 1 ? null : number }, items) : h("ul", {}, items);
  return { node, next: at };
}

function itemAt(lines, at) {
  const [, indent, mark, text = ""] = ITEM.exec(lines[at] ?? "") ?? [];
  if (mark === undefined) return null;
  const content = text ? lines[at].length - text.length : indent.length + mark.length + 1;
  return { indent: indent.length, mark, text, content, ordered: /\d/.test(mark) };
}

function sameList(first, item) {
  return (
    item.ordered === first.ordered && item.mark.at(-1) === first.mark.at(-1) && item.indent < first.indent + 2
  );
}

/** The lines of an item: indented by two more than its mark. People write fewer spaces than CommonMark needs. */
function endOfItem(lines, at, item) {
  let end = at + 1;
  for (let next = end; next < lines.length; next += 1) {
    const blank = !lines[next].trim();
    const indented = lines[next].search(/\S/) >= item.indent + 2;
    const lazy = next === end && !itemAt(lines, next) && continues(lines, next);
    if (!blank && !indented && !lazy) break;
    if (!blank) end = next + 1;
  }
  return end;
}

function drawItem(rest, item, context) {
  const inner = rest.map((line) => line.slice(Math.min(Math.max(line.search(/\S/), 0), item.content)));
  const [, box, text = item.text] = /^\[([ xX])\]\s+(.*)$/.exec(item.text) ?? [];
  const nodes = drawBlocks([text, ...inner], deeper(context));
  const paragraphs = nodes.filter((node) => node.nodeName === "P");
  if (paragraphs.length === 1 && nodes[0] === paragraphs[0]) nodes.splice(0, 1, ...nodes[0].childNodes);
  const check = box !== undefined && h("span", { class: "check" }, box === " " ? "☐ " : "☑ ");
  return h("li", { class: check && "task" }, check, nodes);
}

function parseParagraph(lines, start, context) {
  let end = start + 1;
  while (end < lines.length && continues(lines, end)) end += 1;
  const text = lines
    .slice(start, end)
    .map((line) => line.trim())
    .join("\n");
  return { node: h("p", {}, drawInline(text, context)), next: end };
}

/** Whether a line goes on with the paragraph before it. */
function continues(lines, at) {
  const line = lines[at];
  if (!line.trim() || FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line))
    return false;
  const item = itemAt(lines, at);
  if (item && (!item.ordered || parseInt(item.mark, 10) === 1)) return false;
  return !(line.includes("|") && DELIMITER.test(lines[at + 1] ?? "") && lines[at + 1].includes("|"));
}

function skipBlank(lines, at) {
  let next = at;
  while (next < lines.length && !lines[next].trim()) next += 1;
  return next;
}

function deeper(context) {
  return { ...context, depth: context.depth + 1 };
}
