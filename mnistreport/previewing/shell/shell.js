/* What the server tells is shown: the page, what is wrong with it, and what there is to look at. */

import { Frames } from "/frames.js";

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
};
const count = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

const frames = new Frames(byId("report"), (theme) => {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
});
const isNarrow = matchMedia("(max-width: 62rem)");

/* --- The panel --- */

const GROUPS = [
  ["claim", "False claims"],
  ["unread", "Words not in the report"],
  ["stale", "Stale insights"],
  ["number", "Numbers without a source"],
  ["unfinished", "Runs not finished"],
  ["rubric", "Rubric gaps"],
  ["note", "Good to know"],
];
const GRAVE = new Set(["claim"]);

const fold = (isFolded) => {
  root.classList.toggle("folded", isFolded);
  byId("fold").setAttribute("aria-expanded", String(!isFolded));
};

const makeEntry = ({ reason, place, step, anchor, words }) => {
  const goes = Boolean(anchor || words);
  const said = goes ? make("button", { type: "button", className: "reason" }, reason)
    : make("span", { className: "reason" }, reason);
  if (goes) {
    said.addEventListener("click", () => {
      if (isNarrow.matches) fold(true);
      frames.seek(anchor, words);
    });
  }
  return make("li", { className: "entry" }, said,
    place ? make("span", { className: "place" }, place) : null,
    step ? make("p", { className: "step" }, step) : null);
};

const makeGroup = (kind, title, entries) => make("section", { className: GRAVE.has(kind) ? "group grave" : "group" },
  make("h2", {}, title, make("span", {}, String(entries.length))),
  make("ul", {}, ...entries.map(makeEntry)));

const showPanel = (state) => {
  const entries = [
    ...state.complaints,
    ...state.unfinished.map(({ run, reason, anchor }) => ({ kind: "unfinished", reason: `${run}: ${reason}`, anchor })),
    ...state.notes.map((note) => ({ kind: "note", reason: note })),
  ];
  const groups = GROUPS
    .map(([kind, title]) => [kind, title, entries.filter((each) => each.kind === kind)])
    .filter(([, , found]) => found.length);
  const wrong = entries.filter(({ kind }) => kind !== "note").length;
  const clean = state.page && !wrong ? make("p", { className: "clean" }, make("b", {}, "Nothing to mend"),
    "No false claim, stale insight, number without a source or rubric gap, and every run finished.") : null;
  const past = state.page && state.status !== "good" && wrong
    ? make("p", { className: "past" }, "Of the last page that could be rendered:") : null;
  const { scrollTop } = byId("panel");
  const focused = [...document.querySelectorAll(".entry button")].indexOf(document.activeElement);
  byId("groups").replaceChildren(...[past, clean, ...groups.map((group) => makeGroup(...group))].filter(Boolean));
  byId("panel").scrollTop = scrollTop;
  if (focused >= 0) document.querySelectorAll(".entry button")[focused]?.focus();
  byId("count").textContent = String(wrong);
  byId("count").classList.toggle("grave", entries.some(({ kind }) => GRAVE.has(kind)));
  byId("fold").setAttribute("aria-label", `To look at: ${wrong}`);
};

/* --- What is wrong --- */

const makeLines = (lines) => make("pre", { className: "lines", tabIndex: 0 },
  ...lines.map(({ number, text, wrong }) => make("span", { className: wrong ? "wrong" : "" }, make("i", {}, String(number)), text)));

const makeProblem = ({ place, key, reason, step, lines }) => make("div", { className: "problem" },
  place ? make("p", { className: "place" }, place) : null,
  make("p", { className: "reason" }, key ? `${key}: ${reason}` : reason),
  lines.length ? makeLines(lines) : null,
  step ? make("p", { className: "step" }, step) : null);

const makeCommand = (command) => {
  const copy = make("button", { type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(command);
    copy.textContent = "Copied";
  });
  return make("p", { className: "command" }, make("code", {}, command), copy);
};

const makeUntrained = ({ planned, command, variants }) => {
  const rows = variants.map(({ names, setting, runs }) => make("tr", {},
    make("th", { scope: "row" }, names), make("td", {}, setting), make("td", { className: "number" }, String(runs))));
  const head = make("tr", {}, make("th", { scope: "col" }, "Variant"), make("th", { scope: "col" }, "Setting"),
    make("th", { scope: "col", className: "number" }, "Runs"));
  return [
    make("p", {}, `The manifest asks for ${count(planned, "run")}. The preview trains nothing; this does:`),
    makeCommand(command),
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)),
  ];
};

let told = "";

const showCard = (state) => {
  const { problems, untrained } = state;
  const [card, body] = [byId("card"), byId("card-body")];
  const now = JSON.stringify([problems, untrained, Boolean(state.page)]);
  if (now === told) return;
  told = now;
  card.hidden = !problems.length && !untrained;
  if (card.hidden) {
    body.replaceChildren();
    return;
  }
  card.classList.toggle("calm", Boolean(untrained));
  card.classList.toggle("alone", !state.page);
  byId("card-title").textContent = untrained ? `Not trained yet: ${untrained.runs} of ${count(untrained.planned, "run")}`
    : problems.length === 1 ? "The report cannot be rendered" : `The report cannot be rendered: ${problems.length} mistakes`;
  const mend = untrained ? "" : "Mend it and save: this goes away by itself. ";
  const behind = `${mend}${state.page ? "Below is the last page that could be rendered." : ""}`;
  body.replaceChildren(...(untrained ? makeUntrained(untrained) : problems.map(makeProblem)),
    ...(behind ? [make("p", { className: "behind" }, behind)] : []));
};

const shrink = (isSmall) => {
  byId("card").classList.toggle("small", isSmall);
  byId("shrink").textContent = isSmall ? "Show" : "Hide";
  byId("shrink").setAttribute("aria-expanded", String(!isSmall));
};

/* --- The bar --- */

const SAID = {
  starting: () => "Opening the project",
  good: ({ time }) => `Up to date, ${time}`,
  error: ({ problems }) => count(problems.length, "mistake"),
  untrained: ({ untrained }) => `${count(untrained.runs, "run")} not trained yet`,
  gone: () => "The preview has ended; the page stays as it is",
};

const say = (status, words) => {
  byId("status").dataset.status = status;
  if (byId("said").textContent !== words) byId("said").textContent = words;
};

const show = async (state) => {
  root.classList.toggle("busy", Boolean(state.stage) || state.status === "starting");
  if (state.stage) say(byId("status").dataset.status, `${state.stage[0].toUpperCase()}${state.stage.slice(1)}`);
  if (state.project) byId("project").textContent = state.project;
  if (state.title) byId("title").textContent = state.title;
  document.title = `${state.status === "error" ? "Mistake · " : ""}${state.title ?? state.project ?? "Preview"}`;
  if (state.page) await frames.show(state.page);
  byId("nothing").hidden = !frames.isEmpty || !byId("card").hidden;
  showCard(state);
  showPanel(state);
  if (!state.stage) say(state.status, SAID[state.status](state));
  byId("nothing").hidden = !frames.isEmpty || !byId("card").hidden;
};

byId("fold").addEventListener("click", () => fold(!root.classList.contains("folded")));
byId("shrink").addEventListener("click", () => shrink(!byId("card").classList.contains("small")));
byId("panel").addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !isNarrow.matches) return;
  fold(true);
  byId("fold").focus();
});
isNarrow.addEventListener("change", () => fold(isNarrow.matches));
fold(isNarrow.matches);

const events = new EventSource("/events");
let latest = 0;
events.addEventListener("message", (event) => {
  latest += 1;
  const mine = latest;
  const state = JSON.parse(event.data);
  queueMicrotask(() => { if (mine === latest) show(state); });
});
events.addEventListener("error", () => say("gone", SAID.gone()));
