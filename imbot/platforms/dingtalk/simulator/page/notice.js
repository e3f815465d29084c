/** Above a conversation: what keeps its bot from answering as its file says, and what to do about it. */

import { fill, h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { clock } from "./people.js";
import { drawProblem, drawWords } from "./problems.js";

/** The place between the head and the messages; empty where all is well. */
export class Notice {
  constructor(root) {
    this.root = root;
    this.closed = ""; // what the reader has folded away; something new is seen again
  }

  /** Show what is known of the chosen one of the list. */
  render(entry) {
    const sentences = entry ? sentencesOf(entry) : [];
    const problems = entry?.bot?.problems ?? [];
    this.root.hidden = sentences.length === 0;
    if (this.root.hidden) return;
    const key = JSON.stringify([entry.key, problems]);
    const foldable = problems.length > 0 && entry.app !== null;
    const open = !foldable || this.closed !== key;
    this.root.dataset.state = entry.state;
    fill(
      this.root,
      h(
        "div",
        { class: "notice-head" },
        icon("warning"),
        h(
          "div",
          { class: "notice-text" },
          sentences.map((sentence) => h("p", {}, drawWords(sentence))),
        ),
        foldable &&
          h(
            "button",
            {
              type: "button",
              class: "notice-fold",
              "data-testid": "notice-fold",
              "aria-expanded": String(open),
              onclick: () => {
                this.closed = open ? key : "";
                this.render(entry);
              },
            },
            t(open ? "fold" : "unfold"),
          ),
      ),
      open && problems.length > 0 && h("div", { class: "problems" }, problems.map(drawProblem)),
    );
  }
}

/** Why an answer failed, and what to do about it. */
export function whyFailed({ reason, cure }) {
  return cure ? `${reason} — ${cure}` : reason;
}

function sentencesOf({ state, bot }) {
  if (!bot) return [];
  const told = {
    waiting: () => t("botWaits"),
    rejected: () => t("botRejected"),
    folder: () => t("botFolder"),
    pending: () => t("botPending"),
    broken: () => t("botBroken", clock(bot.since)),
  }[state];
  const { failing } = bot;
  return [
    told?.(),
    failing && t("botFailing", clock(failing.since), failing.answers),
    failing && whyFailed(failing),
    ...bot.trouble,
  ].filter(Boolean);
}
