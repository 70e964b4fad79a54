/* A map is rectified and pooled, and notes are taken; then a signal comes back, and goes where some map's notes say. */

const PLACES = [0, 1, 2, 3]; // in a window, row by row
const at = (i, j, place) => [2 * i + Math.floor(place / 2), 2 * j + (place % 2)];
const overWindows = (work) => [0, 1].map((i) => [0, 1].map((j) => work(i, j)));
const rectified = (value) => Math.max(0, value);

export function pooled(z) {
  const seen = (i, j) => PLACES.map((place) => at(i, j, place)).map(([row, column]) => rectified(z[row][column]));
  return overWindows((i, j) => Math.max(...seen(i, j)));
}

/** The switch of each window: the place of its largest rectified number, the first one where several are equal. */
export function notes(z) {
  const most = pooled(z);
  return overWindows((i, j) => PLACES.find((place) => {
    const [row, column] = at(i, j, place);
    return rectified(z[row][column]) === most[i][j];
  }));
}

export function unpooled(signal, switches) {
  const out = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  overWindows((i, j) => {
    const [row, column] = at(i, j, switches[i][j]);
    out[row][column] = signal[i][j];
  });
  return out;
}

/** What a ReLU with the inputs z lets through on the way back. */
export function passed(values, z, rule) {
  const on = (i, j) => rule === "deconvnet" || z[i][j] > 0;
  const speaksFor = (value) => rule === "gradient" || value > 0;
  return values.map((line, i) => line.map((value, j) => (on(i, j) && speaksFor(value) ? value : 0)));
}

/** The cosine of two pictures; null where one of them is empty. */
export function likeness(one, other) {
  const dot = (a, b) => a.flat().reduce((sum, value, n) => sum + value * b.flat()[n], 0);
  const lengths = Math.sqrt(dot(one, one) * dot(other, other));
  return lengths ? dot(one, other) / lengths : null;
}

const ARROWS = [["↖", "upper left"], ["↗", "upper right"], ["↙", "lower left"], ["↘", "lower right"]];
const editor = (name, side, most, label) => Array.from({ length: side }, (_, i) => `<tr>${Array.from({ length: side }, (_, j) =>
  `<td><input type="number" step="1" min="${-most}" max="${most}" required data-grid="${name}" data-at="${i},${j}"`
  + ` aria-label="${label}, row ${i}, column ${j}"></td>`).join("")}</tr>`).join("");
const MARKUP = `
  <p class="moving-name">Forward: rectify, pool, take notes</p>
  <div class="moving-row switch-row">
    <table class="moving-grid moving-small moving-edit switch-windows"><caption>Map z</caption>
      <tbody>${editor("z", 4, 99, "z")}</tbody></table>
    <table class="moving-grid moving-small"><caption>Pooled</caption><tbody data-part="pooled"></tbody></table>
    <table class="moving-grid moving-small"><caption>Its notes</caption><tbody data-part="notes"></tbody></table>
  </div>
  <p class="moving-name">Back: unpool, rectify</p>
  <div class="moving-bar">
    <label>Notes <select data-set="notes"><option value="own">of this map</option><option value="other">of another image</option>
      <option value="none">none: upper left</option></select></label>
    <label>Rule at the ReLU <select data-set="rule">
      <option>gradient</option><option>deconvnet</option><option>guided</option></select></label>
  </div>
  <div class="moving-row switch-row">
    <table class="moving-grid moving-small moving-edit"><caption>Signal</caption>
      <tbody>${editor("signal", 2, 99, "Signal")}</tbody></table>
    <table class="moving-grid moving-small switch-windows"><caption>Unpooled</caption><tbody data-part="unpooled"></tbody></table>
    <table class="moving-grid moving-small switch-windows"><caption>Passed on</caption><tbody data-part="passed"></tbody></table>
  </div>
  <div class="moving-result switch-result" role="status" aria-live="polite"></div>`;

const written = (value) => String(Math.round(value * 100) / 100 + 0).replace("-", "−");
const level = (value, largest) => (value && largest ? Math.sign(value) * Math.ceil(3 * (Math.abs(value) / largest)) : 0);
const largest = (values) => Math.max(...values.flat().map(Math.abs));
const listed = (all) => (all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`);

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const inputs = [...el.querySelectorAll("[data-grid]")];
  const entry = ({ dataset }) => dataset.at.split(",").reduce((values, n) => values[n], model.get(dataset.grid));

  /** The classes of a cell of the large grids: windows begin at every other cell, and the places of the notes have a frame. */
  const kinds = (i, j, framed) =>
    [i % 2 ? "" : "pool-top", j % 2 ? "" : "pool-left", framed.includes(`${i},${j}`) ? "moving-framed" : ""].join(" ");

  function grid(values, framed) {
    const most = largest(values);
    const cell = (value, i, j) =>
      `<td data-level="${level(value, most)}" class="${framed ? kinds(i, j, framed) : ""}">${written(value)}</td>`;
    return values.map((line, i) => `<tr>${line.map((value, j) => cell(value, i, j)).join("")}</tr>`).join("");
  }

  function describe({ switches, source, signal, rule, result, own, kind }) {
    const went = overWindows((i, j) => {
      const [row, column] = at(i, j, switches[i][j]);
      return { sent: signal[i][j], on: source[row][column] > 0, out: result[row][column] !== 0 };
    }).flat().filter((each) => each.out);
    const odd = went.filter((each) => !each.on).length;
    const asked = {
      gradient: "The rule asked only: was the unit on?",
      deconvnet: odd ? `${odd === 1 ? "One comes" : `${odd} come`} through a unit that was off!`
        : "The rule asked for the sign alone.",
      guided: "The rule asked for both: on, and positive.",
    };
    const numbers = listed(went.map((each) => written(each.sent))) || "Nothing";
    const shared = notes(model.get("z")).flat().filter((place, n) => place === switches.flat()[n]).length;
    const alike = likeness(result, own);
    return [`<strong>${numbers}</strong> ${went.length > 1 ? "go" : "goes"} on to the filters. ${asked[rule]}`,
      kind === "own" ? "The pooled map knows none of these places: <strong>256</strong> sets of notes would fit it."
        : `The same signal, and ${shared} of 4 notes the same: likeness of the two pictures`
          + ` <strong>${alike === null ? "not defined" : written(alike)}</strong>.`];
  }

  function draw() {
    const [z, signal, rule, kind] = ["z", "signal", "rule", "notes"].map((name) => model.get(name));
    const source = kind === "other" ? model.get("other") : z;
    const switches = kind === "none" ? [[0, 0], [0, 0]] : notes(source);
    const framed = (by) => overWindows((i, j) => at(i, j, by[i][j]).join(",")).flat();
    for (const name of ["notes", "rule"]) el.querySelector(`[data-set="${name}"]`).value = model.get(name);
    for (const input of inputs) {
      if (input !== document.activeElement) input.value = entry(input);
      const cell = input.closest("td");
      cell.dataset.level = level(entry(input), largest(model.get(input.dataset.grid)));
      if (input.dataset.grid === "z") cell.className = kinds(...input.dataset.at.split(",").map(Number), framed(notes(z)));
    }
    const back = unpooled(signal, switches);
    const result = passed(back, source, rule);
    part("pooled").innerHTML = grid(pooled(z));
    part("notes").innerHTML = notes(z).map((line) => `<tr>${line.map((place) =>
      `<td><span role="img" aria-label="${ARROWS[place][1]}">${ARROWS[place][0]}</span></td>`).join("")}</tr>`).join("");
    part("unpooled").innerHTML = grid(back, framed(switches));
    part("passed").innerHTML = grid(result, framed(switches));
    const own = passed(unpooled(signal, notes(z)), z, rule);
    say("", describe({ switches, source, signal, rule, result, own, kind }));
  }

  function say(verdict, lines) {
    const place = el.querySelector(".moving-result");
    place.dataset.verdict = verdict;
    place.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  el.addEventListener("input", ({ target }) => {
    const { set, grid: name } = target.dataset;
    if (set) model.set(set, target.value);
    if (!name) return;
    if (target.value === "" || !target.checkValidity()) {
      say("wrong", ["A whole number from −99 to 99 is needed here; the last one stays."]);
      return;
    }
    const [row, column] = target.dataset.at.split(",").map(Number);
    model.set(name, model.get(name).map((line, i) => line.map((value, j) =>
      (i === row && j === column ? target.valueAsNumber : value))));
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.dataset.grid) draw();
  });
  model.on("change", draw);
  draw();
}

export default { render };
