/* A bowl has a steep and a flat direction, and one learning rate for both: each step multiplies the two distances by a factor. */

export function factor(rate, curvature) {
  return 1 - rate * curvature;
}

/** Follow the distance from the bottom along one direction, from 1 at the start; each entry is a step v - rate * slope. */
export function walk(rate, curvature, steps) {
  const path = [1];
  for (let k = 0; k < steps; k++) path.push(path.at(-1) - rate * curvature * path.at(-1));
  return path;
}

const NEAR = 1e-9;

/** Name what becomes of one direction. */
export function fate(rate, curvature) {
  const f = factor(rate, curvature);
  if (Math.abs(f) < NEAR) return "once";
  if (Math.abs(Math.abs(f) - 1) < NEAR) return "forever";
  return Math.abs(f) > 1 ? "away" : f > 0 ? "creeps" : "jumps";
}

/** Return the rate of the theorem, at which both directions shrink equally fast. */
export function bestRate(flat, steep) {
  return 2 / (flat + steep);
}

/** Count the steps until both distances have shrunk by 1,000; null where they never do. */
export function stepsToThousandth(rate, flat, steep) {
  const slowest = Math.max(...[flat, steep].map((each) => Math.abs(factor(rate, each))));
  if (slowest > 1 - NEAR) return null;
  return slowest < NEAR ? 1 : Math.ceil(Math.log(0.001) / Math.log(slowest) - NEAR);
}

const STEPS = 20;
const [RATES, TALL] = [1.2, 1.6]; // the window of the curves: rates up to, factors up to
const FATES = {
  creeps: "comes closer on one side", once: "arrives in one step", jumps: "jumps across, and arrives", forever: "jumps for ever",
  away: "flies away",
};
const OPTIONS = [["", "…"], ...Object.entries(FATES)].map(([value, name]) =>
  `<option value="${value}">${name}</option>`).join("");
const choose = (name, label, values) => `<label>${label} <select data-set="${name}">${values.map((each) =>
  `<option>${each}</option>`).join("")}</select></label>`;
const MARKUP = `
  <div class="moving-bar">${choose("steep", "Steep λ", [2, 4, 5, 8, 10])}${choose("flat", "Flat λ", [0.2, 0.5, 1, 2])}
    <label class="steps-rate">Rate η <input type="range" min="0.01" max="${RATES}" step="0.01" data-set="rate">
      <output data-part="rate"></output></label></div>
  <div class="steps">
    <div><p class="moving-name">Steep direction</p><div data-part="steep"></div></div>
    <div><p class="moving-name">Flat direction</p><div data-part="flat"></div></div>
    <div><p class="moving-name">|1 − ηλ|: steep solid, flat dashed</p><div data-part="curves"></div></div>
  </div>
  <form class="moving-bar"><label>In the steep direction it <select data-part="guess">${OPTIONS}</select></label>
    <button type="submit" class="moving-main">Check: ${STEPS} steps</button></form>
  <div data-part="table"></div>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const written = (value, digits = 3) => String(Number(value.toFixed(digits)) + 0).replace("-", "−");

/** Write a distance: three digits, and a power of ten where it is very small or large. */
function far(value) {
  const size = Math.abs(value);
  const text = size && (size < 0.001 || size >= 1e5) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replace("e+", " · 10^").replaceAll("-", "−").replace("e−", " · 10^−");
}

/** Draw one direction as a parabola with the steps on it; steps that leave the picture end the line at its border. */
function valley(curvature, steepest, path, shown) {
  const across = (x) => 50 + 36 * x;
  const up = (x) => 70 - (34 * curvature * x * x) / steepest;
  const point = (x) => `${across(x).toFixed(2)} ${up(x).toFixed(2)}`;
  const curve = Array.from({ length: 61 }, (_, n) => point(-1.5 + n / 20));
  const out = path.findIndex((x) => Math.abs(x) > 1.5);
  const inside = path.slice(0, out < 0 ? path.length : out + 1);
  const dots = inside.map((x) => `<circle cx="${across(x).toFixed(2)}" cy="${up(x).toFixed(2)}" r="1.9"/>`);
  const words = `A parabola with curvature ${written(curvature)}. ${shown
    ? `Distances from the bottom: ${path.slice(0, 6).map(far).join(", ")}, and ${far(path.at(-1))} after ${path.length - 1} steps`
    : "The start is at distance 1"}`;
  const way = shown ? `<polyline class="steps-path" points="${inside.map(point).join(" ")}"/>` : '<text x="50" y="40">?</text>';
  return `<svg viewBox="0 0 100 76" role="img" aria-label="${words}"><path class="steps-axis" d="M0 70H100M50 70v3"/>
    <polyline class="steps-valley" points="${curve.join(" ")}"/>${way}${dots.join("")}</svg>`;
}

function curves(rate, flat, steep) {
  const place = (eta, size) => `${(6 + (92 * eta) / RATES).toFixed(2)} ${(66 - (60 * size) / TALL).toFixed(2)}`;
  const line = (curvature, kind) => {
    const end = Math.min(RATES, (1 + TALL) / curvature);
    const turn = Math.min(1 / curvature, RATES);
    const points = [0, turn, end].map((eta) => place(eta, Math.abs(factor(eta, curvature))));
    return `<polyline class="${kind}" points="${points.join(" ")}"/>`;
  };
  const dot = (curvature) => {
    const size = Math.abs(factor(rate, curvature));
    return size > TALL ? "" : `<circle r="2" transform="translate(${place(rate, size)})"/>`;
  };
  const ticks = [0, 0.4, 0.8, 1.2].map((tick) => `<text x="${Math.min(6 + (92 * tick) / RATES, 94)}" y="72">${tick}</text>`);
  const words = `Against the rate, both factors fall from 1 to 0 and rise again: the steep one passes 1 at ${written(2 / steep)},`
    + ` the flat one at ${written(2 / flat)}; they are equal at ${written(bestRate(flat, steep))}. The rate is ${written(rate)}`;
  return `<svg viewBox="0 0 100 76" role="img" aria-label="${words}"><path class="steps-axis" d="M6 6V66H98"/>
    <path class="steps-one" d="M${place(0, 1)}H98"/><text x="2.5" y="${66 - 60 / TALL}">1</text><text x="2.5" y="65">0</text>
    ${ticks.join("")}${line(flat, "steps-flat")}${line(steep, "steps-steep")}<path class="steps-now" d="M${place(rate, 0)}V6"/>
    ${dot(flat)}${dot(steep)}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const setting = () => ["rate", "flat", "steep"].map((name) => model.get(name));

  function draw(shown) {
    const [rate, flat, steep] = setting();
    for (const control of el.querySelectorAll("[data-set]")) control.value = model.get(control.dataset.set);
    part("rate").textContent = written(rate, 2);
    const paths = { steep: walk(rate, steep, STEPS), flat: walk(rate, flat, STEPS) };
    part("steep").innerHTML = valley(steep, steep, shown ? paths.steep : [1], shown);
    part("flat").innerHTML = valley(flat, steep, shown ? paths.flat : [1], shown);
    part("curves").innerHTML = curves(rate, flat, steep);
    const sum = (curvature) => `1 − ${written(rate, 2)} · ${written(curvature)}`
      + ` = ${shown ? written(factor(rate, curvature)) : "?"}`;
    const rows = [["factor", sum(steep), sum(flat)], ...[1, 5, STEPS].map((k) =>
      [k === 1 ? "1 step" : `${k} steps`, ...["steep", "flat"].map((name) => (shown ? far(paths[name][k]) : "?"))])];
    const body = rows.map(([name, ...cells]) =>
      `<tr><th scope="row">${name}</th>${cells.map((each) => `<td>${each}</td>`).join("")}</tr>`);
    const head = ["Direction", "Steep", "Flat"].map((name) => `<th scope="col">${name}</th>`).join("");
    part("table").innerHTML = `<table class="moving-table"><caption>Distance from the bottom, 1 at the start</caption>`
      + `<thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function ask() {
    part("guess").value = "";
    draw(false);
    say("", "The curves show how large each factor is at every rate, not its sign. Compute the steep one, 1 − ηλ,"
      + " and predict what its direction does.");
  }

  function check() {
    const [rate, flat, steep] = setting();
    draw(true);
    const [truth, f, best] = [fate(rate, steep), factor(rate, steep), bestRate(flat, steep)];
    const why = {
      creeps: "positive and below 1", once: "and nothing is left after a single step", jumps: "negative, but above −1",
      forever: `as the rate is 2 / λ = ${written(2 / steep)} exactly`,
      away: `as the rate is beyond 2 / λ = ${written(2 / steep)}`,
    }[truth];
    const count = stepsToThousandth(rate, flat, steep);
    const slower = Math.abs(factor(rate, flat)) > Math.abs(f) + NEAR ? "flat" : "steep";
    const bestCount = stepsToThousandth(best, flat, steep);
    const guess = part("guess").value;
    const verdict = guess === truth ? "right" : guess && "wrong";
    say(verdict,
      `${{ right: "Right: the", wrong: "Not quite: the", "": "The" }[verdict]} factor is <strong>${written(f)}</strong>, ${why};`
      + ` it ${FATES[truth]}.`,
      count === null
        ? `The flat direction ${FATES[fate(rate, flat)]}, which helps nobody: the steep one alone sets the limit.`
        : `To come 1,000 times closer takes ${count} ${count === 1 ? "step" : "steps"}${count > bestCount
          ? `, because of the ${slower} direction; with the best rate, ${written(best)}, it takes ${bestCount}`
          : ", and no rate does it in fewer"}.`);
  }

  el.addEventListener("input", ({ target }) => {
    if (!target.dataset.set) return;
    model.set(target.dataset.set, Number(target.value));
    ask();
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    check();
  });
  ask();
}

export default { render };
