/** What is wrong with a bot's files: where, the line itself, and what to do about it. */

import { h, icon } from "./dom.js";
import { t } from "./i18n.js";

/** One problem, as `imbot.problems.page` makes it. */
export function drawProblem({ path, line, column, code, severity, message, hint, source }) {
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
export function drawWords(text) {
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
