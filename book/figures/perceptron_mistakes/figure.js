/* The perceptron, mistake by mistake: will one step repair the row? And how many mistakes can there be at most? */

const dot = (a, b) => a.reduce((sum, each, d) => sum + each * b[d], 0);

/** Append the 1 for the bias to the points (x1, x2, t), pull the two classes apart, and put the rows into an order. */
export function arrange(points, gap, seed) {
  const rows = points.map(([x1, x2, t]) => ({ u: [x1 + (t ? gap : -gap), x2 + (t ? gap : -gap), 1], t }));
  if (!seed) return rows;
  let state = seed;
  for (let n = rows.length - 1; n > 0; n--) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    const other = Math.floor(((n + 1) * state) / 2 ** 32);
    [rows[n], rows[other]] = [rows[other], rows[n]];
  }
  return rows;
}

const answer = (v, u) => Number(dot(v, u) > 0);

/** Show the rows again and again: the weights after every mistake, and which row it was. */
export function learn(rows, limit) {
  const path = [[0, 0, 0]];
  const at = [];
  let quiet = 0; // rows in a row that were right
  for (let now = 0; at.length < limit && quiet < rows.length; now = (now + 1) % rows.length) {
    const { u, t } = rows[now];
    const error = t - answer(path.at(-1), u);
    quiet = error ? 0 : quiet + 1;
    if (error) {
      path.push(path.at(-1).map((each, d) => each + error * u[d]));
      at.push(now);
    }
  }
  return { path, at, rest: quiet === rows.length };
}

/** Return the point nearest to the origin on the line or plane through these points. */
function foot([first, ...others]) {
  const without = (a, axis) => a.map((each, d) => each - (dot(a, axis) / dot(axis, axis)) * axis[d]);
  const axes = [];
  for (const other of others) {
    const way = other.map((each, d) => each - first[d]);
    const axis = axes.reduce(without, way);
    if (dot(axis, axis) > 1e-12) axes.push(axis);
  }
  return axes.reduce(without, first);
}

/** Return the largest gamma: the best direction is that of a foot with no r = u or -u on the near side of it; 0 if none is. */
export function margin(rows) {
  const r = rows.map(({ u, t }) => u.map((each) => (t ? each : -each)));
  const groups = r.flatMap((a, i) => [[a], ...r.slice(i + 1).flatMap((b, j) =>
    [[a, b], ...r.slice(i + j + 2).map((c) => [a, b, c])])]);
  const found = groups.map(foot).filter((point) => r.every((each) => dot(each, point) > dot(point, point) - 1e-9));
  return Math.max(0, ...found.map((point) => Math.sqrt(dot(point, point))).filter((each) => each > 1e-9));
}

export function longest(rows) {
  return Math.max(...rows.map(({ u }) => Math.sqrt(dot(u, u))));
}

const LIMIT = 60; // of a run that has no end
const GAPS = [[-0.5, "overlap"], [0, "hardly apart"], [0.5, "apart"], [1, "far apart"]];
const OPTIONS = GAPS.map(([gap, name]) => `<option value="${gap}">${name}</option>`).join("");
const MARKUP = `
  <div class="moving-bar"><label>The classes <select data-set="gap">${OPTIONS}</select></label>
    <button type="button" data-do="order">Another order</button><button type="button" data-do="again">Start again</button></div>
  <div class="mistakes">
    <div class="mistakes-plane" data-part="plane"></div>
    <div><p class="moving-name">Length of v after k mistakes</p><div class="mistakes-chart" data-part="chart"></div>
      <div data-part="counts"></div></div>
  </div>
  <p class="mistakes-question" data-part="question"></p>
  <div class="moving-bar">
    <button type="button" class="moving-main" data-guess="1">It will be right</button>
    <button type="button" class="moving-main" data-guess="0">It will still be wrong</button>
    <button type="button" data-do="end">To the end</button></div>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const written = (value) => String(Math.round(value * 100) / 100 + 0).replace("-", "−");
const vector = (values) => `(${values.map(written).join(", ")})`;
const listed = (all) => (all.length < 2 ? `row ${all}` : `rows ${all.slice(0, -1).join(", ")} and ${all.at(-1)}`);
const [LEFT, LOW, WIDE] = [-1.5, -2, 6]; // the window of the plane
const CORNERS = [[LEFT, LOW], [LEFT + WIDE, LOW], [LEFT + WIDE, LOW + WIDE], [LEFT, LOW + WIDE]];
const at = ([x, y]) => `${((100 * (x - LEFT)) / WIDE).toFixed(2)} ${(100 - (100 * (y - LOW)) / WIDE).toFixed(2)}`;

/** Cut the window along the border: what is answered with 1, and the two ends of the border. */
function cut(v) {
  const ends = [];
  const part = CORNERS.flatMap((point, n) => {
    const next = CORNERS[(n + 1) % 4];
    const [here, there] = [dot(v, [...point, 1]), dot(v, [...next, 1])];
    if (here > 0 === there > 0) return here > 0 ? [point] : [];
    const between = point.map((each, d) => each + (here / (here - there)) * (next[d] - each));
    ends.push(between);
    return here > 0 ? [point, between] : [between];
  });
  return { part, ends };
}

function plane(rows, v, before, next) {
  const line = (weights, kind) => {
    const { ends } = cut(weights);
    return ends.length ? `<path class="${kind}" d="M${ends.map(at).join("L")}"/>` : "";
  };
  const dots = rows.map(({ u, t }, n) => {
    const wrong = answer(v, u) !== t;
    return `<g class="${t ? "mistakes-one" : "mistakes-zero"}" transform="translate(${at(u)})">`
      + `${n === next ? '<circle class="mistakes-next" r="6.6"/>' : ""}<circle r="4.3"/><text y="0.3">${n + 1}</text>`
      + `${wrong ? '<path class="mistakes-wrong" d="M3.6 -6.6l3 3m0 -3l-3 3"/>' : ""}</g>`;
  });
  const wrong = rows.flatMap(({ u, t }, n) => (answer(v, u) === t ? [] : [n + 1]));
  const words = `Rows in the plane: ${rows.map(({ u, t }, n) => `${n + 1} at ${vector(u.slice(0, 2))}, t = ${t}`).join("; ")}.`
    + ` ${wrong.length ? `Wrong now: ${listed(wrong)}` : "All are right"}`;
  return `<svg viewBox="0 0 100 100" role="img" aria-label="${words}"><polygon points="${cut(v).part.map(at).join(" ")}"/>`
    + `${line(before, "mistakes-before")}${line(v, "mistakes-border")}${dots.join("")}</svg>`;
}

function chart(path, R, gamma, bound) {
  const most = gamma ? bound * 1.08 : LIMIT;
  const high = R * Math.sqrt(most);
  const place = (k, y) => `${((100 * k) / most).toFixed(2)} ${(50 - (48 * y) / high).toFixed(2)}`;
  const root = Array.from({ length: 41 }, (_, n) => place(most * (n / 40) ** 2, (high * n) / 40));
  const lengths = path.map((v, k) => place(k, Math.sqrt(dot(v, v))));
  const words = `After ${path.length - 1} mistakes v has the length ${written(Math.sqrt(dot(path.at(-1), path.at(-1))))}`
    + `, below R√k${gamma ? ` and above γk; the two cross at ${written(bound)} mistakes` : ""}`;
  const line = gamma ? `<path class="mistakes-line" d="M0 50L${place(most, gamma * most)}"/>`
    + `<path class="mistakes-bound" d="M${place(bound, 0)}V0"/><text x="62" y="${50 - 48 * 0.62 + 7}">γk</text>` : "";
  return `<svg viewBox="0 0 100 50" role="img" aria-label="${words}"><polyline class="mistakes-root" points="${root.join(" ")}"/>
    ${line}<polyline class="mistakes-path" points="${lengths.join(" ")}"/>
    <circle r="1.5" transform="translate(${lengths.at(-1)})"/>
    <text x="30" y="${48 - 48 * Math.sqrt(0.3) - 3}">R√k</text></svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  let ended = []; // how many mistakes each finished run had

  function current() {
    const rows = arrange(model.get("points"), model.get("gap"), model.get("seed"));
    const gamma = margin(rows);
    const run = learn(rows, gamma ? 1000 : LIMIT);
    return { rows, gamma, ...run, R: longest(rows), bound: gamma ? (longest(rows) / gamma) ** 2 : Infinity, k: model.get("k") };
  }

  function draw() {
    const { rows, gamma, path, at: mistakes, R, bound, k } = current();
    const [v, row] = [path[k], mistakes[k]];
    el.querySelector("select").value = model.get("gap");
    part("plane").innerHTML = plane(rows, v, path[Math.max(k - 1, 0)], row);
    part("chart").innerHTML = chart(path.slice(0, k + 1), R, gamma, bound);
    part("counts").innerHTML = `<p class="moving-sum">v = ${vector(v)}</p><p class="moving-sum">mistakes: ${k}</p>`
      + `<p class="moving-sum">${gamma ? `bound: (R / γ)² = (${written(R)} / ${gamma.toFixed(3)})² = ${Math.floor(bound)}`
        : "bound: none, since γ > 0 needs a border"}</p>`;
    const { u, t } = rows[row ?? 0];
    const over = gamma ? "No mistake is left to be made." : "The run is stopped here; it would not stop by itself.";
    part("question").innerHTML = row === undefined ? over
      : `Next mistake in line: <strong>row ${row + 1}</strong>, u = ${vector(u)}, t = ${t}, but v · u = ${written(dot(v, u))}.`
        + ` The step ${t ? "adds" : "subtracts"} u, and u · u = ${written(dot(u, u))}. How will this row be after the step?`;
    el.querySelectorAll("[data-guess], [data-do=end]").forEach((button) => {
      button.disabled = row === undefined;
    });
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function step(guess) {
    const { rows, path, at: mistakes, k } = current();
    const { u, t } = rows[mistakes[k]];
    const [before, after] = [path[k], path[k + 1]];
    const repaired = answer(after, u) === t;
    const spoilt = rows.flatMap((row, n) => (answer(before, row.u) === row.t && answer(after, row.u) !== row.t ? [n + 1] : []));
    model.set("k", k + 1);
    draw();
    if (k + 1 === mistakes.length) return finish();
    const hit = guess === Number(repaired);
    const sums = [dot(before, u), dot(after, u), dot(u, u)].map(written);
    say(hit ? "right" : "wrong",
      `${hit ? "Right" : "Not quite"}: row ${mistakes[k] + 1} is ${repaired ? "right now" : "still wrong"}.`
      + ` Its sum went from ${sums[0]} to ${sums[1]}, by u · u = ${sums[2]} and no more.`,
      spoilt.length ? `And ${listed(spoilt)}, right before, ${spoilt.length === 1 ? "is" : "are"} wrong now.`
        : "No row that was right was spoilt.");
  }

  function finish() {
    const { gamma, bound, path, at: mistakes, rest } = current();
    if (rest) ended = [...ended, mistakes.length];
    if (!gamma) {
      say("wrong", `No border separates these rows, so there is no γ, and no bound. Stopped after ${mistakes.length} mistakes,`
        + ` the length of v is ${written(Math.sqrt(dot(path.at(-1), path.at(-1))))}: it does not even grow to warn you.`);
    } else {
      say("right", `At rest after <strong>${mistakes.length}</strong> mistakes: every row is right, and nothing will`
        + ` change v again. At most ${Math.floor(bound)} were possible, in any order. Orders tried here: ${ended.join(", ")}.`);
    }
  }

  function restart(change) {
    if ("gap" in change) ended = [];
    model.set({ ...change, k: 0 });
    draw();
    say("", "Filled rows should be answered with 1, open ones with 0; the shaded side is answered with 1 now,"
      + " a cross marks what is wrong. At first v = 0: all sums are 0, and count as 0.");
  }

  el.addEventListener("change", ({ target }) => restart({ gap: Number(target.value) }));
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.guess) step(Number(target.dataset.guess));
    if (target.dataset.do === "order") restart({ seed: model.get("seed") + 1 });
    if (target.dataset.do === "again") restart({});
    if (target.dataset.do === "end") {
      model.set("k", current().at.length);
      draw();
      finish();
    }
  });
  restart({});
}

export default { render };
