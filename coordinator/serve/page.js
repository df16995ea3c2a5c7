"use strict";
// Every text goes in as text: names of files and workers are strangers'.

const EVERY_MS = 2000, MOST_SET_ASIDE = 200, MOST_IN_HAND = 3;

const at = (id) => document.getElementById(id);

function element(tag, content, name) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...[content ?? []].flat());
  return made;
}

const fill = (id, children) => at(id).replaceChildren(...children);
const none = (tag, text) => element(tag, text, "none");
const whole = (number) => number.toLocaleString("en");

function speed(number) {
  const digits = number < 100 ? 1 : 0;
  return number.toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits});
}

function duration(seconds) {
  if (seconds === null) return "unknown";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

// parts: {class: number}; of a whole.
function bar(parts, all) {
  const made = element("div", [], "bar");
  for (const [name, number] of Object.entries(parts).filter(([, number]) => number > 0)) {
    const part = element("i", [], name);
    part.style.width = `${all > 0 ? 100 * number / all : 0}%`;
    made.append(part);
  }
  return made;
}

function merits(s) {
  const merit = (name, number, of) =>
    element("div", [element("dt", name), element("dd", [number, element("small", of)])]);
  const isLeft = Object.values(s.jobs).some((kind) => kind.leased + kind.waiting > 0);
  fill("figures-of-merit", [
    merit("jobs done", whole(s.done), `of ${whole(s.total)} known`),
    merit("time left", isLeft || s.total === 0 ? duration(s.eta_seconds) : "–"),
    // As the tables have it, over some minutes; the status's own is of the last one.
    merit("jobs/min", speed(s.by_case.reduce((sum, c) => sum + c.jobs_per_minute, 0))),
    merit("images selected", whole(s.images.selected), `of ${whole(s.images.sample)}`),
    merit("workers", whole(s.workers)),
  ]);
}

function progress(s) {
  const names = {predict: "Predictions", explain: "WCAMs"};
  fill("progress", Object.entries(names).flatMap(([kind, name]) => {
    const {done, leased, set_aside, waiting} = s.jobs[kind];
    const all = done + leased + set_aside + waiting;
    const words = [`${whole(done)} of ${whole(all)}`, `${whole(leased)} in hand`, `${whole(waiting)} waiting`];
    if (set_aside > 0) words.push(`${whole(set_aside)} set aside`);
    return [
      element("div", [element("b", name), element("span", all > 0 ? words.join(" · ") : "none yet")], "bar-line"),
      bar({done, leased, set_aside}, all),
    ];
  }));
}

// For `wcam drain`.
const shortName = (name) => name.slice(0, name.indexOf(".") + 9);

function workers(s) {
  fill("trouble", s.trouble.map((line) => element("li", line)));
  const rows = s.by_worker.map((w) => {
    const hand = w.in_hand.slice(0, MOST_IN_HAND).map((job) => element("div", job));
    const more = w.in_hand.length - hand.length;
    if (w.drained) hand.unshift(element("div", "drained", "none"));
    if (more > 0) hand.push(element("div", `and ${whole(more)} more`, "none"));
    return element("tr", [
      element("td", [`${w.host}, ${w.pid}`, element("div", shortName(w.name), "none")]), element("td", w.device),
      element("td", w.connected ? hand : "gone"),
      element("td", whole(w.done), "number"), element("td", speed(w.jobs_per_minute), "number"),
    ], w.connected ? "" : "gone");
  });
  const empty = none("td", "no worker is connected");
  empty.colSpan = 5;
  fill("workers", rows.length > 0 ? rows : [element("tr", [empty])]);
}

function cases(s) {
  fill("cases", s.by_case.map((c) => element("tr", [
    element("td", [c.name, bar({done: c.done, set_aside: c.set_aside}, c.known)], "share"),
    element("td", `${whole(c.done)} of ${whole(c.known)}`, "number"),
    element("td", speed(c.jobs_per_minute), "number"),
  ])));
}

function setAside(s) {
  const lines = s.set_aside.slice(0, MOST_SET_ASIDE).map((line) => element("li", line));
  const more = s.set_aside.length - lines.length;
  if (more > 0) lines.push(none("li", `and ${whole(more)} more: status.json`));
  at("set-aside-count").textContent = s.set_aside.length > 0 ? whole(s.set_aside.length) : "";
  fill("set-aside", lines.length > 0 ? lines : [none("li", "nothing")]);
}

let shownFigures = "";

function figures(s) {
  const names = JSON.stringify(s.figures);
  if (names === shownFigures) return;  // or pictures would flicker
  shownFigures = names;
  const links = s.figures.map(({name, modified}) => {
    const link = element("a");
    link.href = `figures/${name.split("/").map(encodeURIComponent).join("/")}?${modified}`;
    const picture = element("img");
    picture.src = link.href;
    picture.alt = name;
    link.append(picture, element("span", name));
    return link;
  });
  fill("figures", links.length > 0 ? links : [none("div",
    "none drawn yet; `wcam pack SWEEP` and `wcam plot figure-5 SWEEP` draw what is stored so far")]);
}

function notice(text) {
  at("notice").textContent = text;
  at("notice").hidden = text === "";
}

function state(word, name) {
  at("state").textContent = word;
  at("state").className = `state ${name}`;
}

function show(s) {
  const word = s.state === "running" && s.course !== "on" ? s.course : s.state;
  state(word, word);
  at("where").textContent = `sweep ${s.sweep.slice(0, 12)} on ${s.host}`;
  at("updated").textContent = new Date(1000 * s.updated).toLocaleTimeString("en-GB");
  document.title = s.total > 0 ? `${Math.floor(100 * s.done / s.total)} % · wcam` : "wcam";
  const course = {
    paused: "Paused: nothing is handed out until `wcam resume`.",
    cancelled: "Cancelled: `wcam retry` takes it up again.",
  }[s.course];
  notice([course, s.shortfall].filter(Boolean).join(" "));
  for (const part of [merits, progress, workers, cases, setAside, figures]) part(s);
}

async function refresh() {
  try {
    const answer = await fetch("status.json", {signal: AbortSignal.timeout(10000)});
    const s = await answer.json();
    if (answer.ok) show(s);
    else state("starting", "starting");
  } catch {
    state("gone", "gone");
    notice("No coordinator answers: the sweep has ended or was stopped. `wcam status SWEEP` tells, and what is shown here is the last that was known.");
  }
  setTimeout(refresh, EVERY_MS);
}

refresh();
