/** The inspector on the right: API calls as they come, one card's data, the simulator's settings. */

import { fill, h } from "./dom.js";
import { t } from "./i18n.js";
import { clock } from "./people.js";
import { SettingsForm } from "./settings.js";
import { failed } from "./state.js";

/** The right column; `onChoose(changes)` is told which tab or card is picked. */
export class Panel {
  constructor(root, onChoose) {
    this.root = root;
    this.onChoose = onChoose;
    this.tabs = [...root.querySelectorAll("[role=tab]")];
    this.tiles = root.querySelector(".tiles");
    this.calls = root.querySelector(".calls");
    this.card = root.querySelector(".card-data");
    this.settings = new SettingsForm(root.querySelector(".settings"));
    this.rows = new Map();
    for (const tab of this.tabs) {
      tab.onclick = () => onChoose({ tab: tab.dataset.tab });
      tab.onkeydown = (event) => this.onKey(event);
    }
  }

  /** Show the chosen tab. */
  render(store, choice, conversation) {
    for (const tab of this.tabs) {
      const selected = tab.dataset.tab === choice.tab;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !selected;
    }
    if (choice.tab === "calls") this.renderCalls(store, choice, conversation);
    if (choice.tab === "card") fill(this.card, drawCard(store.cards.get(choice.card), store));
    if (choice.tab === "settings") this.settings.render(store.settings);
  }

  onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = this.tabs.at((this.tabs.indexOf(event.currentTarget) + step) % this.tabs.length);
    next.focus();
    next.click();
  }

  renderCalls(store, choice, conversation) {
    const calls = store.callsOf(choice.app, conversation);
    const replyCard = store.cards.get(store.messagesOf(conversation).findLast((message) => message.card)?.card);
    const reply = calls.filter((call) => replyCard && call.card === replyCard.id);
    const bytes = reply.reduce((sum, call) => sum + call.bytes, 0);
    const complete = reply.length > 0 && reply.length === replyCard.calls; // only the newest calls are known
    fill(
      this.tiles,
      drawTile(t("thisReply"), replyCard?.calls ?? 0, complete && sizes(bytes), "reply-calls"),
      drawTile(t("total"), store.calls.at(-1)?.id ?? 0, "", "total-calls"),
      drawTile(t("errors"), calls.filter(failed).length, "", "error-calls"),
    );
    this.renderRows(calls);
  }

  /** Rows are made once: a bot in full flow makes many calls a second. */
  renderRows(calls) {
    const current = new Set(calls);
    for (const [call, row] of this.rows) {
      if (current.has(call)) continue;
      row.remove();
      this.rows.delete(call);
    }
    let above = null; // the newest stands on top
    for (const call of calls.toReversed()) {
      const row = this.rows.get(call) ?? drawCall(call, () => this.onChoose({ card: call.card, tab: "card" }));
      this.rows.set(call, row);
      const next = above ? above.nextSibling : this.calls.firstChild;
      if (row !== next) this.calls.insertBefore(row, next);
      above = row;
    }
    this.calls.previousElementSibling.hidden = calls.length > 0;
  }
}

function drawTile(label, number, detail, testid) {
  return h(
    "div",
    { class: "tile" },
    h("span", {}, label),
    h("strong", { "data-testid": testid }, number.toLocaleString()),
    h("span", {}, detail || "\u00a0"),
  );
}

function drawCall(call, onCard) {
  const bad = failed(call);
  const line = [
    h("span", { class: `method ${call.method.toLowerCase()}` }, call.method),
    h("span", { class: "path", title: call.path }, shortPath(call.path)),
    h(
      "span",
      { class: `status ${bad ? "bad" : ""}` },
      bad && call.code ? `${call.status} ${call.code}` : call.status,
    ),
  ];
  const detail = [
    h("time", {}, clock(call.at)),
    h("span", {}, sizes(call.bytes)),
    h("span", {}, `${Math.round(call.ms)} ms`),
    call.summary && h("span", { class: "summary", title: call.summary }, call.summary),
  ];
  const attributes = { class: `call ${bad ? "bad" : ""}`, "data-testid": "call", "data-status": call.status };
  const content = [h("span", { class: "call-line" }, line), h("span", { class: "call-detail" }, detail)];
  const inner = call.card ? h("button", { type: "button", onclick: onCard }, content) : h("div", {}, content);
  return h("li", attributes, inner);
}

function drawCard(card, store) {
  if (!card) return h("p", { class: "hint" }, t("noCard"));
  const facts = [
    ["ID", card.id],
    [t("source"), card.template],
    [t("state"), t(`state_${card.state}`)],
    [t("calls"), String(card.calls)],
    [t("updated"), clock(card.updated)],
  ];
  return [
    h(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
    ),
    h(
      "pre",
      { class: "json", tabindex: "0", "data-testid": "card-json" },
      JSON.stringify(unpack(card), null, 2),
    ),
  ];
}

/** The card with the JSON in its `sys_full_json_obj` unpacked, so that it is readable. */
function unpack(card) {
  return JSON.parse(JSON.stringify(card), (key, value) => {
    if (key !== "sys_full_json_obj" || typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  });
}

function shortPath(path) {
  return path.replace(/^\/v1\.0/, "").replace(/\?.*$/, "");
}

function sizes(bytes) {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
}
