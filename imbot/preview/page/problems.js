/** What is wrong with the bot's files, in place: where, the line itself, and what to do about it. */

import { fill, h, icon } from "../../renderer/dom.js";
import { t } from "../../renderer/i18n.js";

/** Draw the problems of a state. */
export function drawProblems(element, state) {
  const { problems = [], stale = false, cards = [] } = state ?? {};
  element.hidden = problems.length === 0;
  fill(
    element,
    problems.map(drawProblem),
    stale && cards.length > 0 && h("p", { class: "hint stale-note" }, t("stale")),
  );
}

function drawProblem({ path, line, column, code, severity, message, hint, source }) {
  return h(
    "article",
    { class: `problem ${severity}`, "data-testid": "problem", "data-code": code },
    icon("warning"),
    h(
      "div",
      { class: "problem-body" },
      h(
        "p",
        { class: "problem-head" },
        h("code", {}, `${path}:${line}:${column}`),
        h("span", { title: t("explain", code) }, code),
      ),
      h(
        "p",
        { class: "problem-message" },
        h("span", { class: "hidden" }, `${t(`severity_${severity}`)}: `),
        drawWords(message),
      ),
      source && drawSource(source),
      hint && h("p", { class: "problem-hint" }, drawWords(hint)),
    ),
  );
}

/** A sentence, what stands in backticks set as code. */
function drawWords(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

function drawSource({ number, before, marked, after }) {
  return h(
    "pre",
    { class: "source", "data-testid": "source" },
    h("span", { class: "line-number", "aria-hidden": "true" }, String(number)),
    h("code", {}, before, h("mark", {}, marked || " "), after),
  );
}
