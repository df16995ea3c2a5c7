"use strict";
// Every text goes in as text: names of images, classes and cases are strangers'.

const CAPTION = 51, GAP = 10, BELOW = 12;  // px; the first as in the stylesheet
const NARROW = 600;  // a window less wide has smaller maps and heads of two lines
const SMALLEST = {narrow: 104, wide: 132}, LARGEST = 176;  // sides of maps
const MOST_KEPT = 48;  // files of maps and photographs that are kept ready
const CUT = 100;  // of so many values the largest has the last colour

const at = (id) => document.getElementById(id);

function element(tag, name, content) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...[content ?? []].flat());
  return made;
}

function number(value, digits = 3) {
  if (!Number.isFinite(value)) return "unknown";
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(digits - 2) : String(Number(value.toPrecision(digits)));
}
const counted = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

let index;  // gallery_index.cc says what is in it

// ---- Maps and photographs: scripts call wcamData, in the page or when they are asked for.

const came = {maps: new Map(), photographs: new Map()};  // text of each file, base64 with commas
const ready = new Map();  // lists of what was in it, the last used last
const asked = new Set();

function wcamData(kind, file, text) {
  came[kind].set(file, text);
  if (index) refreshSoon();
}

function ask(kind, file) {
  const name = `${kind}-${file}`;
  if (!index.files || asked.has(name)) return;
  asked.add(name);
  const script = document.createElement("script");
  script.src = `${encodeURIComponent(index.files)}/${name}.js`;
  script.onload = () => script.remove();
  script.onerror = () => lost.add(name) && refreshSoon();
  document.head.append(script);
}
const lost = new Set();

// The items of a file; null: not yet there.
function items(kind, file) {
  const name = `${kind}-${file}`;
  let list = ready.get(name);
  if (list) {
    ready.delete(name);
  } else {
    if (!came[kind].has(file)) return ask(kind, file), null;
    list = came[kind].get(file).split(",");
    if (index.files) {  // it can be asked for again
      came[kind].delete(file);
      asked.delete(name);
    }
  }
  ready.set(name, list);
  if (ready.size > MOST_KEPT) ready.delete(ready.keys().next().value);
  return list;
}

function item(kind, i) {
  const each = index.in_each[kind], list = items(kind, Math.floor(i / each));
  return list && {list, k: i % each};
}

// {values, errors} of a map, float32 as stored; null: not yet there.
function mapOf(i) {
  const found = item("maps", i);
  if (!found) return null;
  if (typeof found.list[found.k] === "string") {
    const text = atob(found.list[found.k]), bytes = new Uint8Array(text.length);
    for (let b = 0; b < bytes.length; ++b) bytes[b] = text.charCodeAt(b);
    const both = new Float32Array(bytes.buffer), cells = index.grid ** 2;
    found.list[found.k] = {values: both.subarray(0, cells), errors: both.subarray(cells)};
  }
  return found.list[found.k];
}

function photographOf(group) {
  const found = item("photographs", group);
  return found && found.list[found.k] && `data:image/png;base64,${found.list[found.k]}`;
}

// ---- Colours.

let colours;  // [256] as ImageData has them

function readColours() {
  const packed = (hex) => (0xff000000 | parseInt(hex.slice(4, 6) + hex.slice(2, 4) + hex.slice(0, 2), 16)) >>> 0;
  colours = index.colours.map(packed);
}

// Three quarters of the way to the colour of 0, as a figure's (plotting/colour_map.h).
function setBack(scale) {
  const zero = colours[colourIndex(0, scale)];
  const mix = (colour, shift) => ((colour >>> shift & 255) + 3 * (zero >>> shift & 255) >> 2) << shift;
  return colours.map((colour) => (0xff000000 | mix(colour, 16) | mix(colour, 8) | mix(colour, 0)) >>> 0);
}

// As a figure's row has it (plotting/scale.h).
function scaleOf(maps) {
  const all = new Float32Array(maps.reduce((sum, map) => sum + map.values.length, 0));
  let n = 0;
  for (const map of maps) for (const value of map.values) if (Number.isFinite(value)) all[n++] = value;
  const sorted = all.subarray(0, n).sort();
  if (n === 0) return {low: 0, high: 0, cut: false};
  const high = sorted[n - 1 - Math.floor(n / CUT)];
  return {low: sorted[0], high, cut: sorted[n - 1] > high};
}

function colourIndex(value, scale) {
  const share = (value - scale.low) / (scale.high - scale.low);
  return share > 0 ? Math.min(Math.floor(share * 256), 255) : 0;
}

// Errors that are factors leave no index within noise of 0.
const isNoise = (map, cell) => !index.factors && !(Math.abs(map.values[cell]) > 2 * map.errors[cell]);

const scrap = document.createElement("canvas");

function drawMap(canvas, map, scale) {
  const g = index.grid, side = Math.round(canvas.clientWidth * devicePixelRatio);
  canvas.width = canvas.height = side;
  scrap.width = scrap.height = g;
  const picture = new ImageData(g, g), pixels = new Uint32Array(picture.data.buffer);
  const faint = setBack(scale);
  for (let cell = 0; cell < g * g; ++cell)
    pixels[cell] = (isNoise(map, cell) ? faint : colours)[colourIndex(map.values[cell], scale)];
  scrap.getContext("2d").putImageData(picture, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(scrap, 0, 0, side, side);
  context.fillStyle = "#5a5a5a";
  const line = Math.max(1, Math.round(devicePixelRatio));
  for (let level = 1; level <= index.levels; ++level) {
    const edge = Math.round(side / 2 ** level), far = Math.round(side / 2 ** (level - 1));
    context.fillRect(edge, 0, line, far);
    context.fillRect(0, edge, far, line);
  }
}

function bar(scale) {
  const canvas = element("canvas");
  canvas.width = 256, canvas.height = 2;
  const picture = new ImageData(256, 2), pixels = new Uint32Array(picture.data.buffer);
  pixels.set(colours);
  pixels.set(setBack(scale), 256);
  canvas.getContext("2d").putImageData(picture, 0, 0);
  const isSmall = Math.abs(scale.low) < (scale.high - scale.low) / 256;  // the bar is too coarse to show it
  const made = element("span", "bar", [isSmall ? "0" : number(scale.low), canvas, `${scale.cut ? ">" : ""}${number(scale.high)}`]);
  made.title = `${index.quantity}; ${state.scale === "all" ? "one scale for all maps" : "the scale of this row"}${index.factors ? "" : "; below: faint, within two standard errors of 0"}`;
  return made;
}

// ---- Where a cell is.

// "V2" and the others that the cell has pixels of, those with most first.
function subbandsOf(x, y) {
  const {grid: g, side, levels} = index, number = new Map();
  const levelOf = (pixel) => {
    for (let level = 1; level <= levels; ++level) if (pixel >= side / 2 ** level) return level;
    return 0;
  };
  for (let v = Math.ceil(y * side / g); v < Math.ceil((y + 1) * side / g); ++v)
    for (let u = Math.ceil(x * side / g); u < Math.ceil((x + 1) * side / g); ++u) {
      const level = levelOf(Math.max(u, v)), edge = side / 2 ** level;
      const name = level === 0 ? "A" : (u < edge ? "H" : v < edge ? "V" : "D") + level;
      number.set(name, (number.get(name) ?? 0) + 1);
    }
  return [...number].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

const EDGES = {V: "vertical", H: "horizontal", D: "diagonal"};
const inWords = (name) => name === "A" ? "A, the approximation" : `${name}, details of level ${name.slice(1)} at ${EDGES[name[0]]} edges`;

// ---- What is chosen; what fits it.

// key: in the address; of: its value for map i in group j.
const FILTERS = [
  {key: "image", name: "Image", of: (i, j) => index.images[index.groups.image[j]]},
  {key: "variant", name: "Variant", of: (i, j) => index.kinds[index.groups.variant[j]]},
  {key: "severity", name: "Severity", of: (i, j) => index.severities[index.groups.variant[j]]},
  {key: "case", name: "Case", of: (i) => index.cases[index.maps.case[i]]},
  {key: "role", name: "Role", of: (i) => index.roles[index.maps.role[i]]},
  {key: "explained", name: "Label explained", several: true, of: (i) => index.labels[index.maps.explained[i]]},
  {key: "replicate", name: "Replicate", of: (i) => String(index.maps.replicate[i])},
  {key: "doubts", name: "Doubts", of: (i) => index.doubts[index.maps.doubts[i]] ? "doubtful" : "none"},
];
const state = {scale: "row", q: "", at: ""};
let shown = [];  // {group, maps}: rows that are shown, in order
let order = [];  // [row, place in it] of every map that is shown
let placeOf = new Map();  // of a map in order

const valuesOf = (filter, i, j) => filter.several ? filter.of(i, j).split(",") : [filter.of(i, j)];

function eachMap(visit) {
  const {first} = index.groups;
  for (let j = 0; j < first.length; ++j)
    for (let i = first[j]; i < (first[j + 1] ?? index.maps.job.length); ++i) visit(i, j);
}

function searched(i, j) {
  const {groups, maps} = index;
  return [index.images[groups.image[j]], index.variants[groups.variant[j]], index.true[groups.image[j]], index.cases[maps.case[i]],
    index.roles[maps.role[i]], index.classes[maps.class[i]], index.classes[maps.predicted[i]], index.doubts[maps.doubts[i]]]
    .join("\n").toLowerCase();
}

function choose() {
  const active = FILTERS.filter((filter) => state[filter.key] !== undefined);
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  shown = [], order = [], placeOf = new Map();
  eachMap((i, j) => {
    if (!active.every((filter) => valuesOf(filter, i, j).includes(state[filter.key]))) return;
    if (words.length > 0) {
      const text = searched(i, j);
      if (!words.every((word) => text.includes(word))) return;
    }
    if (shown.at(-1)?.group !== j) shown.push({group: j, maps: []});
    placeOf.set(i, order.length);
    order.push([shown.length - 1, shown.at(-1).maps.length]);
    shown.at(-1).maps.push(i);
  });
  const all = index.maps.job.length;
  at("count").textContent = `${order.length === all ? "" : `${order.length.toLocaleString("en")} of `}${counted(all, "map")}, ${counted(shown.length, "row")}`;
  at("none").hidden = order.length > 0;
}

function readAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const {key} of FILTERS) state[key] = asked.get(key) ?? undefined;
  state.q = asked.get("q") ?? "";
  state.scale = asked.get("scale") === "all" ? "all" : "row";
  state.at = asked.get("at") ?? "";
}

function writeAddress() {
  const told = new URLSearchParams();
  for (const {key} of FILTERS) if (state[key] !== undefined) told.set(key, state[key]);
  if (state.q) told.set("q", state.q);
  if (state.scale === "all") told.set("scale", "all");
  if (state.at) told.set("at", state.at);
  const hash = `#${told}`;
  if (hash !== (location.hash || "#")) location.replace(hash);
}

// ---- Rows: only those on the screen are there.

let columns = 1, side = SMALLEST.wide, head = 38, tops = [0];
const mounted = new Map();  // row's number: what is there of it
let hover = null;  // {x, y}

function layOut() {
  const width = at("rows").clientWidth, isNarrow = width < NARROW, least = isNarrow ? SMALLEST.narrow : SMALLEST.wide;
  head = isNarrow ? 58 : 38;
  at("rows").classList.toggle("narrow", isNarrow);
  columns = Math.max(2, Math.floor((width + GAP) / (least + GAP)));
  side = Math.min(LARGEST, Math.floor((width - GAP * (columns - 1)) / columns));
  tops = [0];
  for (const {maps} of shown) {
    const lines = Math.ceil((maps.length + 1) / columns);
    tops.push(tops.at(-1) + head + lines * (side + CAPTION) + (lines - 1) * GAP + BELOW);
  }
  at("rows").style.height = `${tops.at(-1)}px`;
  for (const {row} of mounted.values()) row.remove();
  mounted.clear();
}

// The last row that begins at or above y.
function rowAt(y) {
  let low = 0, high = shown.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tops[middle] <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

function render() {
  const top = scrollY - at("rows").offsetTop;
  const first = rowAt(top - 200), wanted = new Set();
  for (let r = first; r < shown.length && tops[r] < top + innerHeight + 200; ++r) wanted.add(r);
  for (const [r, {row}] of mounted)
    if (!wanted.has(r)) {
      row.remove();
      mounted.delete(r);
    }
  for (const r of wanted) if (!mounted.has(r)) mount(r);
  for (const one of mounted.values()) if (!one.drawn) fill(one);
  showCurrent();
  showHover();
}

let pending = 0;
function refreshSoon() {
  pending ||= requestAnimationFrame(() => {
    pending = 0;
    render();
    if (at("large").open) openLarge(placeOf.get(large));
  });
}

function mount(r) {
  const {group, maps} = shown[r], row = element("section", "row");
  const image = index.groups.image[group], name = index.images[image];
  row.style.top = `${tops[r]}px`;
  const title = element("div", "row-head", [element("b", "", name), element("span", "what", index.variants[index.groups.variant[group]])]);
  title.title = name;
  title.style.height = `${head}px`;
  if (index.true[image]) title.append(element("span", "true", `true: ${index.true[image]}`));
  const picture = element("div", "picture"), photograph = element("div", "panel", [picture, element("div", "caption")]);
  const panels = maps.map((i) => panelOf(i));
  const grid = element("div", "panels", [photograph, ...panels.map((panel) => panel.root)]);
  grid.style.gridTemplateColumns = `repeat(${columns}, ${side}px)`;
  grid.style.gap = `${GAP}px`;
  for (const one of grid.children) one.firstChild.style.height = `${side}px`;
  row.append(title, grid);
  at("rows").append(row);
  mounted.set(r, {row, title, picture, group, panels, drawn: false});
}

// What is there of a row's photograph and maps.
function fill(one) {
  const source = photographOf(one.group);
  if (source && !one.picture.firstChild) {
    const image = element("img");
    image.alt = `photograph ${index.images[index.groups.image[one.group]]}, ${index.variants[index.groups.variant[one.group]]}`;
    image.src = source;
    one.picture.append(image);
  }
  const maps = one.panels.map((panel) => mapOf(panel.map));
  if (maps.every(Boolean)) {
    const scale = state.scale === "all" ? index.scale : scaleOf(maps);
    one.panels.forEach((panel, k) => {
      panel.data = maps[k];
      drawMap(panel.canvas, maps[k], scale);
    });
    one.title.append(bar(scale));
    one.drawn = Boolean(source);
  }
  if (lost.size > 0 && !one.drawn) {
    one.picture.textContent = `cannot read ${index.files}, which belongs beside this page`;
    one.drawn = true;
  }
}

const of = (column, table, i) => index[table][index.maps[column][i]];
const predictionOf = (i) => {
  const name = of("predicted", "classes", i) || of("class", "classes", i), percent = index.maps.percent[i];
  return percent === null ? name : `${percent} % ${name}`;
};
const caseOf = (i) => of("case", "cases", i);
const replicates = () => new Set(index.maps.replicate).size > 1;

// What the map explains, where that does not go without saying, and its role.
function aboutMap(i) {
  const explained = of("class", "classes", i), predicted = of("predicted", "classes", i), words = [];
  if (predicted && explained !== predicted) words.push(`explains ${explained}`);
  if (of("role", "roles", i) !== "source") words.push(of("role", "roles", i));
  if (index.labels.length > 1) words.push(of("explained", "labels", i).replaceAll(",", ", "));
  return words.join(" · ");
}

function panelOf(i) {
  const canvas = element("canvas"), mark = element("div", "mark"), picture = element("div", "picture", [canvas, mark]);
  mark.hidden = true;
  // Where there is no room the middle is left out: names of a family begin alike.
  const letters = [...caseOf(i)], tail = letters.splice(-8);
  const name = element("div", "name", [element("span", "case", [element("span", "", letters.join("")), element("span", "", tail.join(""))])]);
  if (index.severalReplicates) name.append(element("span", "soft", `r${index.maps.replicate[i]}`));
  const doubts = of("doubts", "doubts", i);
  if (doubts) name.append(element("span", "doubt", "?"));
  const prediction = element("div", "", [index.maps.wrong[i] ? element("span", "wrong", "✗ ") : "", predictionOf(i)]);
  const last = element("div", "soft", aboutMap(i));
  const root = element("div", "panel", [picture, element("div", "caption", [name, prediction, last])]);
  root.id = `map-${i}`;
  root.setAttribute("role", "img");
  const said = [caseOf(i), predictionOf(i), aboutMap(i), doubts && `doubtful: ${doubts}`].filter(Boolean);
  root.setAttribute("aria-label", said.join(", "));
  root.lastChild.title = said.join("\n");
  follow(picture);
  root.addEventListener("click", () => {
    setCurrent(placeOf.get(i), false);
    at("rows").focus({preventScroll: true});
  });
  root.addEventListener("dblclick", () => openLarge(placeOf.get(i)));
  return {map: i, root, canvas, mark, last, about: aboutMap(i), data: null};
}

// ---- The cell under the pointer, in every map.

function follow(picture) {
  const move = (event) => {
    const box = picture.getBoundingClientRect(), cell = (from, length) => Math.floor((from / length) * index.grid);
    const x = cell(event.clientX - box.left, box.width), y = cell(event.clientY - box.top, box.height);
    hover = x >= 0 && y >= 0 && x < index.grid && y < index.grid ? {x, y} : null;
    showHover();
  };
  picture.addEventListener("pointermove", move);
  picture.addEventListener("pointerdown", move);
  picture.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "mouse") return;  // what was tapped stays
    hover = null;
    showHover();
  });
}

function valueText(map, digits) {
  const cell = hover.y * index.grid + hover.x;
  const value = map.values[cell], error = map.errors[cell];
  if (index.factors) return value > 0 ? `${number(value, digits)} ×÷ ${number(Math.exp(error / value), 2)}` : number(value, digits);
  return `${number(value, digits)} ± ${number(error, digits)}`;
}

function placeMark(mark) {
  mark.hidden = !hover;
  if (!hover) return;
  const share = 100 / index.grid;
  Object.assign(mark.style, {left: `${hover.x * share}%`, top: `${hover.y * share}%`, width: `${share}%`, height: `${share}%`});
}

function showHover() {
  for (const {panels} of mounted.values())
    for (const panel of panels) {
      placeMark(panel.mark);
      panel.last.className = hover && panel.data ? "value" : "soft";
      panel.last.textContent = hover && panel.data ? valueText(panel.data) : panel.about;
    }
  if (largePanel) {
    placeMark(largePanel.mark);
    largePanel.value.textContent = hover ? valueText(largePanel.data, 5) : "point at a cell";
    largePanel.cell.textContent = hover ? cellText() : "";
  }
  at("cell").replaceChildren(...(hover ? [element("b", "", `column ${hover.x}, row ${hover.y}`), ` · ${cellText()} · ${index.quantity} ${index.factors ? "×÷ the factor of one standard error" : "± standard error"}`]
    : [`${index.quantity}. Point at a cell to read it in every map.`]));
}

const cellText = () => subbandsOf(hover.x, hover.y).map(inWords).join("; and ");

// ---- The current map.

function current() {
  const i = index.maps.job.indexOf(state.at);
  return i < 0 ? undefined : placeOf.get(i);
}

function setCurrent(place, scroll = true) {
  const [r, k] = order[place];
  state.at = index.maps.job[shown[r].maps[k]];
  writeAddress();
  if (scroll) reveal(place);
  render();
}

// Scrolls as little as shows the map.
function reveal(place) {
  const [r, k] = order[place], line = Math.floor((k + 1) / columns);
  const top = at("rows").offsetTop + tops[r] + (line === 0 ? 0 : head + line * (side + CAPTION + GAP));
  const bottom = top + (line === 0 ? head : 0) + side + CAPTION;
  const above = document.querySelector("header").offsetHeight, below = at("cell").offsetHeight;
  if (top < scrollY + above) scrollTo(0, top - above - 4);
  else if (bottom > scrollY + innerHeight - below) scrollTo(0, bottom - innerHeight + below + 4);
}

function showCurrent() {
  let active = "";
  for (const {panels} of mounted.values())
    for (const panel of panels) {
      const is = index.maps.job[panel.map] === state.at;
      panel.root.classList.toggle("current", is);
      if (is) active = panel.root.id;
    }
  at("rows").setAttribute("aria-activedescendant", active);
}

function step(key) {
  const now = current();
  if (now === undefined) return 0;
  const [r, k] = order[now], before = now - k;
  if (key === "ArrowLeft") return Math.max(now - 1, 0);
  if (key === "ArrowRight") return Math.min(now + 1, order.length - 1);
  if (key === "Home") return 0;
  if (key === "End") return order.length - 1;
  const other = key === "ArrowUp" ? r - 1 : r + 1;
  if (!shown[other]) return now;
  const start = key === "ArrowUp" ? before - shown[other].maps.length : before + shown[r].maps.length;
  // The same case there, if it has it.
  const same = shown[other].maps.findIndex((i) => caseOf(i) === caseOf(shown[r].maps[k]));
  return start + (same >= 0 ? same : Math.min(k, shown[other].maps.length - 1));
}

// ---- One map, large.

let largePanel = null, large;

function openLarge(place) {
  if (place === undefined) return;
  const [r, k] = order[place], {group, maps} = shown[r], i = maps[k], dialog = at("large");
  const data = maps.map(mapOf), photograph = photographOf(group);
  large = i;
  if (!data.every(Boolean)) return;
  const size = Math.min(448, innerWidth - 80), scale = state.scale === "all" ? index.scale : scaleOf(data);
  const canvas = element("canvas"), mark = element("div", "mark"), map = element("div", "picture", [canvas, mark]);
  map.style.width = map.style.height = `${size}px`;
  const picture = element("div", "picture", photograph ? Object.assign(element("img"), {src: photograph, alt: "photograph"}) : []);
  picture.style.width = picture.style.height = `${Math.min(size, 224)}px`;
  nameSubbands(map, size);
  const value = element("dd", ""), cell = element("dd", "");
  value.append(element("span", "value"));
  const doubts = of("doubts", "doubts", i), image = index.groups.image[group];
  const facts = [["image", index.images[image]], ["variant", index.variants[index.groups.variant[group]]], ["case", caseOf(i)],
    ["role", of("role", "roles", i)], ["predicted", predictionOf(i) + (index.maps.wrong[i] ? " ✗ misclassified" : "")],
    ["true class", index.true[image]], ["explains", `${of("class", "classes", i)} (${of("explained", "labels", i).replaceAll(",", ", ")})`],
    ["replicate", index.severalReplicates ? String(index.maps.replicate[i]) : ""], ["doubtful", doubts], ["job", index.maps.job[i]]];
  const list = element("dl", "", [element("dt", "", "value"), value, element("dt", "", "cell"), cell,
    ...facts.filter(([, text]) => text).flatMap(([name, text]) => [element("dt", "", name), element("dd", name === "doubtful" ? "wrong" : "", text)])]);
  const close = element("form", "", Object.assign(element("button", "", "✕"), {ariaLabel: "Close"}));
  close.method = "dialog";
  dialog.replaceChildren(close, element("div", "", [bar(scale)]), element("div", "large-pictures", [map, element("div", "beside", [picture, list])]));
  if (!dialog.open) dialog.showModal();
  drawMap(canvas, data[k], scale);
  follow(map);
  largePanel = {mark, data: data[k], value: value.firstChild, cell};
  showHover();
}

function nameSubbands(picture, size) {
  const name = (x, y, text) => {
    const made = element("div", "subband", text);
    Object.assign(made.style, {left: `${x}px`, top: `${y}px`});
    picture.append(made);
  };
  for (let level = 1, edge = size / 2; level <= index.levels && edge > 16; ++level, edge /= 2) {
    name(edge, 0, `V${level}`);
    name(0, edge, `H${level}`);
    name(edge, edge, `D${level}`);
    if (level === index.levels) name(0, 0, "A");
  }
}

// ---- Controls.

function makeFilters() {
  for (const filter of FILTERS) {
    const values = new Map();
    eachMap((i, j) => valuesOf(filter, i, j).forEach((value) => value && values.set(value, true)));
    if (values.size < 2 && state[filter.key] === undefined) continue;
    const select = element("select");
    select.add(new Option("all", ""));
    const sorted = filter.key === "severity" || filter.key === "replicate" ? [...values.keys()].sort((a, b) => a - b) : [...values.keys()];
    for (const value of sorted) select.add(new Option(value, `=${value}`));
    select.addEventListener("change", () => {
      state[filter.key] = select.value ? select.value.slice(1) : undefined;
      changed();
    });
    filter.select = select;
    select.id = `filter-${filter.key}`;
    at("filter-fields").append(element("label", "", [filter.name, select]));
  }
  const scale = element("select");
  scale.id = "scale";
  scale.add(new Option("a row", "row"));
  scale.add(new Option("all maps", "all"));
  scale.addEventListener("change", () => (state.scale = scale.value, changed()));
  at("filter-fields").append(element("label", "", ["Colour scale of", scale]));
}

function showControls() {
  for (const {key, select} of FILTERS) {
    if (!select) continue;
    select.value = state[key] === undefined ? "" : `=${state[key]}`;
    select.classList.toggle("set", state[key] !== undefined);
  }
  const set = FILTERS.filter(({key}) => state[key] !== undefined).length;
  document.querySelector("#filters summary").textContent = `Filters${set ? ` (${set})` : ""}`;
  at("scale").value = state.scale;
  at("scale").classList.toggle("set", state.scale === "all");
  if (document.activeElement !== at("search")) at("search").value = state.q;
}

// Shows what the state asks for, with the current map in sight.
function changed() {
  writeAddress();
  showState();
}

function showState() {
  choose();
  showControls();
  layOut();
  const place = current();
  if (place === undefined) scrollTo(0, 0);
  else reveal(place);
  render();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const {key, target} = event, isLarge = at("large").open;
  if (at("help").open) return;
  if (target.matches?.("input, select")) {
    if (key === "Escape") target.blur();
    return;
  }
  if (key.startsWith("Arrow") || key === "Home" || key === "End") {
    if (order.length === 0) return;
    event.preventDefault();
    const place = step(key);
    setCurrent(place);
    if (isLarge) openLarge(place);
  } else if (key === "Enter" && !target.matches?.("button, summary")) {
    event.preventDefault();  // or it presses the button that then has the focus
    openLarge(current() ?? (order.length > 0 ? 0 : undefined));
  } else if (key === "s") {
    state.scale = state.scale === "all" ? "row" : "all";
    changed();
    if (isLarge) openLarge(placeOf.get(large));
  } else if (key === "/" && !isLarge) {
    event.preventDefault();
    at("search").focus();
    at("search").select();
  } else if (key === "?") {
    at("help").showModal();
  }
}

// Keeps what is at the top of the window there. Telephones change the height alone while one scrolls.
let widthBefore = 0;
function onResize() {
  if (at("rows").clientWidth === widthBefore) return refreshSoon();
  widthBefore = at("rows").clientWidth;
  const r = rowAt(scrollY - at("rows").offsetTop), before = tops[r];
  layOut();
  scrollBy(0, tops[r] - before);
  render();
}

function open() {
  index = JSON.parse(at("index").textContent);
  index.severalReplicates = replicates();
  readColours();
  document.title = `${index.sweep} · wcam gallery`;
  at("sweep").textContent = index.sweep;
  at("design").textContent = `${index.design} (${index.program})`;
  at("filters").open = innerWidth > 700;
  readAddress();
  makeFilters();
  at("search").addEventListener("input", () => (state.q = at("search").value, changed()));
  at("search-form").addEventListener("submit", (event) => (event.preventDefault(), at("rows").focus()));
  at("help-button").addEventListener("click", () => at("help").showModal());
  at("clear").addEventListener("click", () => (location.hash = "", readAddress(), showState()));
  at("large").addEventListener("close", () => (largePanel = null, showHover()));
  document.addEventListener("keydown", onKey);
  addEventListener("scroll", refreshSoon, {passive: true});
  addEventListener("resize", onResize);
  addEventListener("hashchange", () => {
    const before = JSON.stringify(state);
    readAddress();
    if (JSON.stringify(state) !== before) showState();
  });
  showState();
}
document.addEventListener("DOMContentLoaded", open);
