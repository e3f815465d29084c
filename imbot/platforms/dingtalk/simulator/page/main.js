/** The page: a store that events change, the reader's choice, and a redraw once a frame if either changed. */

import { followEvents, sendClick, sendMessage } from "./api.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { icon } from "./dom.js";
import { t, translate } from "./i18n.js";
import { Panel } from "./panel.js";
import { Sidebar } from "./sidebar.js";
import { Choice, Store } from "./state.js";
import { Unread } from "./unread.js";

const TOAST_MS = 5000;
const PHONE = matchMedia("(max-width: 720px)"); // as in layout.css
const DARK = matchMedia("(prefers-color-scheme: dark)");

const root = document.querySelector(".page");
const store = new Store();
const choice = new Choice();
const unread = new Unread();
const toast = root.querySelector(".toast");
let scheduled = false;
let toastTimer = 0;

for (const node of document.querySelectorAll("[data-icon]")) node.replaceWith(icon(node.dataset.icon));
translate(document);

const sidebar = new Sidebar(root.querySelector(".sidebar"), choose);
const panel = new Panel(root.querySelector(".panel"), choose);
const chat = new Chat(root.querySelector(".chat"), {
  say,
  click: (card, id) => sendClick(card.id, choice.user, id),
  inspect,
});
const composer = new Composer(root.querySelector(".composer"), say);

async function say(text) {
  chat.toBottom();
  const { ok, error } = await sendMessage(choice.app, choice.user, text, choice.group);
  if (!ok) showToast(t("sendFailed", error));
  return ok;
}

function inspect(card) {
  const again = choice.panel && choice.card === card;
  choose(again ? { panel: false, card: null } : { card, tab: "card", panel: true, view: "panel" });
}

function choose(changes) {
  choice.set(changes);
  choice.settle(store); // what is sent before the next drawing goes to the one who was chosen
  schedule();
  const elsewhere = changes.wanted || changes.group !== undefined;
  if (elsewhere && !PHONE.matches) composer.input.focus({ preventScroll: true }); // a phone would raise its keyboard
}

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(draw);
}

function draw() {
  scheduled = false;
  choice.settle(store);
  const conversation = store.conversation(choice.app, choice.user, choice.group);
  if (!document.hidden) unread.clear(conversation);
  root.dataset.view = choice.view;
  root.dataset.panel = choice.panel ? "open" : "closed";
  for (const node of root.querySelectorAll("[data-mode]"))
    node.setAttribute("aria-pressed", String((node.dataset.mode === "group") === choice.group));
  root.querySelector("[data-testid=panel-toggle]").setAttribute("aria-expanded", String(choice.panel));
  sidebar.render(store, choice, unread);
  chat.render(store, choice);
  composer.render(choice.entry, choice.group);
  if (choice.panel) panel.render(store, choice, conversation);
}

function onEvent(event) {
  store.apply(event);
  if (event.type === "message") unread.add(event.message);
  schedule();
}

function onStatus(here) {
  root.querySelector(".gone").hidden = here;
}

function showToast(text) {
  clearTimeout(toastTimer);
  toast.textContent = text;
  toastTimer = setTimeout(() => (toast.textContent = ""), TOAST_MS);
}

function closePanel() {
  choose({ panel: false, view: "chat" });
}

function togglePanel() {
  const open = PHONE.matches || !choice.panel;
  choose({ panel: open, view: open ? "panel" : "chat" });
}

function toggleTheme() {
  const { dataset } = document.documentElement;
  const dark = dataset.theme === "dark" || (dataset.theme === "system" && DARK.matches);
  dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("imbot.theme", dataset.theme);
}

for (const node of root.querySelectorAll("[data-mode]"))
  node.onclick = () => choose({ group: node.dataset.mode === "group" });
root.querySelector("[data-testid=panel-toggle]").onclick = togglePanel;
root.querySelector("[data-testid=panel-close]").onclick = closePanel;
root.querySelector("[data-testid=back]").onclick = () => choose({ view: "list" });
root.querySelector("[data-testid=theme]").onclick = toggleTheme;
document.addEventListener(
  "keydown",
  (event) => event.key === "Escape" && !event.isComposing && choice.panel && closePanel(),
);
document.addEventListener("visibilitychange", schedule);
followEvents(onEvent, onStatus);
