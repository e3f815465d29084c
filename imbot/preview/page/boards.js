/** The cards themselves: a board for each colour and width, on it a picture of each phase and sample. */

import { CardView } from "../../renderer/card.js";
import { fill, h } from "../../renderer/dom.js";
import { t } from "../../renderer/i18n.js";
import { renderMarkdown } from "../../renderer/markdown.js";

const STACKS = [["thinking", "streaming"], ["final"], ["error", "stopped"]];

/** The place of all boards. */
export class Boards {
  constructor(element) {
    this.element = element;
    this.views = new Map(); // board and picture -> CardView: cards are changed in place
    this.clicked = new Map(); // the same key -> the card as a click has changed it
    this.drawn = null;
  }

  /** Draw all that is chosen. */
  show(state, choice) {
    if (state === null) return;
    if (this.drawn !== state) this.clicked = new Map(); // a card that was drawn again is not clicked yet
    this.drawn = state;
    const cards = state.cards.filter(
      (card) => choice.shows("phase", card.phase, state) && choice.shows("sample", card.sample, state),
    );
    const boards = ["phone", "desktop"]
      .filter((width) => choice.shows("width", width, state))
      .flatMap((width) => ["light", "dark"].map((theme) => ({ theme, width })))
      .filter(({ theme }) => choice.shows("theme", theme, state));
    this.element.inert = state.stale;
    this.element.dataset.stale = String(state.stale);
    const withData = choice.values.data === "yes";
    fill(
      this.element,
      cards.length > 0
        ? boards.map((board) => drawBoard(board, cards, withData))
        : !state.stale && drawNothing(),
    );
    for (const board of boards) for (const card of cards) this.place(board, card);
  }

  /** A card draws itself into a place of its own. */
  place(board, picture) {
    if (picture.card === null) return;
    const key = keyOf(board, picture);
    const place = this.element.querySelector(`[data-place="${key}"]`);
    const view = this.views.get(key) ?? new CardView();
    this.views.set(key, view);
    view.onAction = async (card, id) => {
      if (!picture.after[id]) return { ok: false, error: t("clickNothing") };
      this.clicked.set(key, { ...card, data: { ...picture.card.data, ...picture.after[id] } });
      view.card = this.clicked.get(key);
      return { ok: true };
    };
    view.note = "";
    view.clicks.clear();
    view.show(this.clicked.get(key) ?? picture.card);
    if (view.element.parentNode !== place) place.replaceChildren(view.element);
  }
}

function drawBoard(board, cards, withData) {
  const { theme, width } = board;
  const severalSamples = new Set(cards.map((card) => card.sample)).size > 1;
  return h(
    "section",
    {
      class: `board ${width} ${severalSamples ? "many" : ""}`,
      "data-theme": theme,
      "data-testid": "board",
      "data-board": `${width}-${theme}`,
    },
    h("h2", {}, t(width), " · ", t(theme)),
    h(
      "div",
      { class: "pictures" },
      severalSamples
        ? cards.map((card) => drawPicture(board, card, true, withData))
        : STACKS.map((phases) => drawStack(phases, board, cards, withData)),
    ),
  );
}

/** Before, at and instead of the end: what stands on a narrow screen below each other. */
function drawStack(phases, board, cards, withData) {
  const inside = cards.filter((card) => phases.includes(card.phase));
  return (
    inside.length > 0 &&
    h(
      "div",
      { class: `stack ${phases.includes("final") ? "end" : ""}` },
      inside.map((card) => drawPicture(board, card, false, withData)),
    )
  );
}

function drawPicture(board, picture, severalSamples, withData) {
  const { phase, sample, card, title, text, data } = picture;
  return h(
    "figure",
    { class: "picture", "data-testid": "picture", "data-phase": phase, "data-sample": sample },
    h(
      "figcaption",
      {},
      h("i", { class: `phase ${phase}` }),
      t(`phase_${phase}`),
      severalSamples && h("span", {}, t(`sample_${sample}`)),
    ),
    card
      ? h("div", { "data-place": keyOf(board, picture), "data-own": true })
      : [
          h("div", { class: "bubble", "data-testid": "message" }, renderMarkdown(text)),
          h("p", { class: "hint" }, t("listed", title)),
        ],
    withData && h("pre", { class: "sent", "data-testid": "sent" }, JSON.stringify(data, null, 2)),
  );
}

function drawNothing() {
  const hint = h("p", { class: "hint" }, t("nothingHint"));
  return h("div", { class: "nothing" }, h("strong", {}, t("nothing")), hint);
}

function keyOf({ theme, width }, { phase, sample }) {
  return `${width}-${theme}-${phase}-${sample}`;
}
