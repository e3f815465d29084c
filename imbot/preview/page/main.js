/** The preview: one state, from the server or from the page itself, and the reader's choice. */

import { fill, h } from "../../renderer/dom.js";
import { addStrings, t, translate } from "../../renderer/i18n.js";
import { drawProblem } from "../../renderer/problems.js";
import { Bar } from "./bar.js";
import { Boards } from "./boards.js";
import { Choice } from "./choice.js";
import { STRINGS } from "./strings.js";

const choice = new Choice();
const bar = new Bar(document.querySelector(".bar"), choose);
const boards = new Boards(document.querySelector(".boards"));
const problems = document.querySelector(".problems");
const page = { state: null, live: false, gone: false };

addStrings(STRINGS);
translate(document);

function choose(axis, value) {
  choice.set(axis, value);
  draw();
}

function draw() {
  bar.show(page, choice);
  drawProblems(page.state);
  boards.show(page.state, choice);
}

function drawProblems(state) {
  const found = state?.problems ?? [];
  problems.hidden = found.length === 0;
  fill(
    problems,
    found.map(drawProblem),
    state?.stale && state.cards.length > 0 && h("p", { class: "hint stale-note" }, t("stale")),
  );
}

function follow() {
  const events = new EventSource("events");
  page.live = true;
  events.onmessage = (event) => {
    page.state = JSON.parse(event.data);
    page.gone = false;
    draw();
  };
  events.onopen = () => {
    page.gone = false;
    draw();
  };
  events.onerror = () => {
    page.gone = true;
    draw();
  };
}

const inside = document.getElementById("state");
if (inside) page.state = JSON.parse(inside.textContent);
else follow();
draw();
