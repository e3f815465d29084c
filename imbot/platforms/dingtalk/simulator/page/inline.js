/** Markdown inside a line: text to DOM nodes. Content only ever becomes text and checked attributes. */

import { h } from "./dom.js";
import { drawImage, drawLink } from "./links.js";

/** Marks the present end of a streaming text: open emphasis is drawn as closed there, and the cursor is there. */
export const TAIL = "\uE000";

const TARGET = String.raw`\(\s*<?((?:[^()\s<>\\]|\\.|\([^()\s]{0,2000}\)){0,100000})>?(?:\s+["'][^"'\n]{0,300}["'])?\s*\)`;
const LINK = new RegExp(
  String.raw`\[((?:\\.|!\[[^\]]{0,200}\]\([^)]{0,2000}\)|\[[^\[\]]{0,200}\]|[^\[\]\\]){0,500})\]${TARGET}`,
  "y",
);
const IMAGE = new RegExp(String.raw`!\[([^\]]{0,500})\]${TARGET}`, "y");
const URL_CHARS = "[^\\s<>\"'`|\\uE000，。；：、！？（）【】《》「」]";
const EMPHASIS = {
  "***": ["strong", "em"],
  "**": ["strong"],
  __: ["strong"],
  "~~": ["s"],
  "*": ["em"],
  _: ["em"],
};
const DEEPEST = 12;

const RULES = [
  [/\\([!-/:-@[-`{-~])/y, (match) => match[1]],
  [/(`+)(?!`)([^]*?[^`])\1(?!`)/y, (match) => drawCode(match[2])],
  [new RegExp(`\`+([^\`]+?)(${TAIL})`, "y"), (match, context) => [drawCode(match[1]), drawCursor(context)]],
  [/<br\s*\/?>/iy, () => h("br")],
  [/<a\s+atId\s*=\s*["']?([^"'>\s]*)["']?\s*>@?([^<]{0,200})<\/a>/iy, drawMention],
  [/<\/?font(?:\s[^>]{0,200})?>/iy, () => null],
  [IMAGE, (match) => drawImage(match[2].replace(/\\(.)/g, "$1"), match[1])],
  [LINK, drawNamedLink],
  [/<((?:https?:\/\/|mailto:)[^>\s]{1,2000})>/iy, drawBareLink],
  [
    new RegExp(
      `(https?://${URL_CHARS}{0,1999}[^\\s<>"'\`|\\uE000.,;:!?)\\]*_~，。；：、！？（）【】《》「」])`,
      "iy",
    ),
    drawBareLink,
  ],
  [new RegExp(TAIL, "y"), (_, context) => drawCursor(context)],
];

/** The nodes of one line or paragraph; `context` holds `onSay` for links that send a text. */
export function drawInline(text, context, depth = 0) {
  const nodes = [];
  const state = { text, masked: mask(text), context, depth, unclosed: new Set() };
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const found = matchRule(state, at) ?? matchEmphasis(state, at);
    if (found) {
      nodes.push(plain, found.nodes);
      plain = "";
      at = found.end;
    } else if (text[at] === "\n") {
      nodes.push(plain.trimEnd(), h("br"));
      plain = "";
      at += 1;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  return [...nodes, plain].flat(Infinity).filter((node) => node != null && node !== "");
}

function matchRule({ text, context, depth }, at) {
  if (!/[\\`<![h\uE000]/i.test(text[at])) return null;
  for (const [pattern, draw] of RULES) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { nodes: draw(match, context, depth), end: at + match[0].length };
  }
  return null;
}

function matchEmphasis(state, at) {
  const { text, masked, context, depth } = state;
  const mark = /^(?:\*{1,3}|__?|~~)/.exec(masked.slice(at, at + 3))?.[0];
  if (!mark || depth >= DEEPEST || !opens(masked, mark, at)) return null;
  const from = at + mark.length;
  const end = closing(state, mark, from);
  if (end < 0) return null;
  const inner = drawInline(text.slice(from, end), context, depth + 1);
  const nodes = EMPHASIS[mark].reduceRight((children, tag) => [h(tag, {}, children)], inner);
  return { nodes, end: Math.min(end + mark.length, text.length) };
}

function opens(masked, mark, at) {
  if (/[\s\uE000]|^$/.test(masked.charAt(at + mark.length))) return false;
  return mark[0] !== "_" || !/[\p{L}\p{N}]/u.test(masked.charAt(at - 1));
}

/** Where the mark is closed; -1 if it is not. The end of a streaming text closes open marks. */
function closing({ masked, unclosed }, mark, from) {
  if (unclosed.has(mark)) return -1;
  for (let at = masked.indexOf(mark, from); at >= 0; at = masked.indexOf(mark, at + 1)) {
    if (closes(masked, mark, at, from)) return at;
  }
  if (masked.endsWith(TAIL) && mark[0] !== "_") return masked.length;
  unclosed.add(mark); // a later opener would find none either; so a text full of marks stays cheap
  return -1;
}

function closes(masked, mark, at, from) {
  if (at === from || /\s/.test(masked[at - 1])) return false;
  const after = masked.charAt(at + mark.length);
  if (mark === "*" && (after === "*" || masked[at - 1] === "*")) return false;
  return mark[0] !== "_" || !/[\p{L}\p{N}]/u.test(after);
}

/** The same text with everything that must not open or close emphasis blanked out. */
function mask(text) {
  return text.replace(
    /\\[^]|(`+)(?!`)[^]*?[^`]\1(?!`)|\]\([^()\s]*\)|https?:\/\/[^\s*<>()\uE000]*/gi,
    (match) => "\u0001".repeat(match.length),
  );
}

function drawCode(text) {
  return h("code", {}, text.replace(/\n/g, " ").replace(/^ (.*) $/, "$1"));
}

function drawCursor() {
  return h("span", { class: "cursor", "aria-hidden": "true" });
}

function drawMention(match) {
  return h("span", { class: "mention", "data-user": match[1] }, `@${match[2] || match[1]}`);
}

function drawNamedLink(match, context, depth) {
  const children = depth < DEEPEST ? drawInline(match[1], context, depth + 1) : match[1];
  return drawLink(match[2].replace(/\\(.)/g, "$1"), children, context.onSay);
}

function drawBareLink(match, context) {
  return drawLink(match[1], match[1].replace(/^mailto:/i, ""), context.onSay);
}
