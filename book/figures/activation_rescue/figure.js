/* One unit at a sum x, under five activation functions: its slope, what layers leave of a gradient, and the way back. */

const RATE = 0.1; // of the steps that are to bring the unit back to 0
const LEAK = 0.1;
const MOST_STEPS = 1e6;

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const FUNCTIONS = {
  sigmoid: [sigmoid, (x) => sigmoid(x) * (1 - sigmoid(x))],
  tanh: [Math.tanh, (x) => 1 - Math.tanh(x) ** 2],
  ReLU: [(x) => Math.max(0, x), (x) => (x > 0 ? 1 : 0)],
  "leaky ReLU": [(x) => (x > 0 ? x : LEAK * x), (x) => (x > 0 ? 1 : LEAK)],
  ELU: [(x) => (x > 0 ? x : Math.expm1(x)), (x) => (x > 0 ? 1 : Math.exp(x))],
};
const NAMES = Object.keys(FUNCTIONS);

export function value(name, x) {
  return FUNCTIONS[name][0](x);
}

export function slope(name, x) {
  return FUNCTIONS[name][1](x);
}

/** What is left of a gradient of 1 after each of some layers of units that all stand at x, with weights of 1. */
export function left(name, x, layers) {
  return Array.from({ length: layers + 1 }, (_, n) => slope(name, x) ** n);
}

/** Count the steps x ← x + RATE · f'(x) that bring a unit below 0 back to it; null where it never moves. */
export function stepsBack(name, x) {
  let steps = 0;
  for (let at = x; at < -1e-9; at += RATE * slope(name, at)) { // rounding must not cost a step
    if (slope(name, at) === 0 || steps === MOST_STEPS) return null;
    steps++;
  }
  return steps;
}

/** Name those that are back first; nothing from 0 on, where none has a way to go. */
export function first(x) {
  const counts = NAMES.map((name) => stepsBack(name, x) ?? Infinity);
  return x < 0 ? NAMES.filter((_, n) => counts[n] === Math.min(...counts)) : [];
}

/** Write a number from 0 up with three digits, a small one with a power of ten. */
export function written(number) {
  if (number === 0 || number >= 0.001) return String(Number(number.toPrecision(3)));
  const [digits, power] = number.toExponential(1).split("e-");
  return `${digits}·10⁻${[...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
}

const MARKUP = `
  <div class="moving-bar">
    <label class="moving-slider">Sum x <input type="range" min="-5" max="5" step="0.1" data-set="x">
      <output data-part="x"></output></label>
    <label class="moving-slider">Layers <input type="range" min="1" max="20" step="1" data-set="layers">
      <output data-part="layers"></output></label>
  </div>
  <div class="moving-row">
    <div class="rescue-side"><p class="moving-name" data-part="curve-name"></p><div data-part="curve"></div></div>
    <div class="rescue-side"><p class="moving-name" data-part="bars-name"></p><div data-part="bars"></div></div>
  </div>
  <table class="moving-table rescue-table">
    <caption>Asked for more, a unit steps by ${RATE} · f′(x), again and again: how many steps back to x = 0?</caption>
    <thead><tr><th scope="col">Function</th><th scope="col">f′(x)</th><th scope="col" data-part="left-name"></th>
      <th scope="col">Steps back</th></tr></thead>
    <tbody>${NAMES.map((name) => `<tr>
      <th scope="row"><label><input type="radio" name="rescue" value="${name}"> ${name}</label></th>
      <td data-slope="${name}"></td><td data-left="${name}"></td><td data-steps="${name}"></td></tr>`).join("")}</tbody></table>
  <form class="moving-bar">
    <label>First back: <select data-part="guess"><option value="">choose</option>
      ${NAMES.map((name) => `<option>${name}</option>`).join("")}</select></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <div class="moving-result rescue-result" role="status" aria-live="polite"></div>`;

const thousands = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
const minus = (number) => String(Math.round(number * 100) / 100 + 0).replace("-", "−");
const layersOf = (count) => (count === 1 ? "1 layer" : `${count} layers`);
const [LOW, HIGH, TOP] = [-1.4, 3.1, 140]; // the values shown, and the height of a picture

/** Draw the curve and, at x, the line whose slope is what backpropagation multiplies by. */
function curve(name, x) {
  const place = (at, height) => `${(30 * (at + 5)).toFixed(1)},${((TOP / (HIGH - LOW)) * (HIGH - height)).toFixed(1)}`;
  const points = Array.from({ length: 101 }, (_, n) => n / 10 - 5).map((at) => place(at, value(name, at)));
  const tangent = [x - 1.3, x + 1.3].map((at) => place(at, value(name, x) + slope(name, x) * (at - x)));
  const [cx, cy] = place(x, value(name, x)).split(",");
  const zero = place(0, 0).split(",");
  const ticks = [-4, -2, 2, 4].map((at) => `<text x="${30 * (at + 5)}" y="${Number(zero[1]) + 15}">${minus(at)}</text>`);
  return `<svg class="rescue-picture" viewBox="0 0 300 ${TOP}" role="img" aria-label="${name}: at x = ${minus(x)} the value is`
    + ` ${minus(value(name, x))} and the slope ${written(slope(name, x))}">`
    + `<line x1="0" x2="300" y1="${zero[1]}" y2="${zero[1]}"/><line x1="150" x2="150" y1="0" y2="${TOP}"/>`
    + `<polyline class="rescue-curve" points="${points.join(" ")}"/>`
    + `<polyline class="rescue-tangent" points="${tangent.join(" ")}"/>`
    + `<circle cx="${cx}" cy="${cy}" r="5.5"/>${ticks.join("")}</svg>`;
}

/** Draw what is left after each layer as a bar, on an honest axis from 0 to 1. */
function bars(name, x, layers) {
  const shares = left(name, x, layers);
  const width = 296 / shares.length;
  const all = shares.map((share, n) => `<rect x="${(4 + n * width).toFixed(1)}" width="${Math.max(width - 3, 2).toFixed(1)}"`
    + ` y="${(120 - 112 * share).toFixed(1)}" height="${(112 * share).toFixed(1)}"/>`);
  return `<svg class="rescue-picture rescue-bars" viewBox="0 0 300 ${TOP}" role="img"`
    + ` aria-label="Bars from 1 before the first layer to ${written(shares.at(-1))} after ${layersOf(layers)}">`
    + `<line x1="0" x2="300" y1="120" y2="120"/>${all.join("")}`
    + `<text x="4" y="136" class="rescue-first">1</text>`
    + `<text x="298" y="136" class="rescue-last">after ${layersOf(layers)}: ${written(shares.at(-1))}</text></svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP.replaceAll('name="rescue"', `name="rescue-${Math.random().toString(36).slice(2)}"`);
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const cell = (kind, name) => el.querySelector(`td[data-${kind}="${name}"]`);
  let open = false; // whether the ways back are shown
  const state = () => Object.fromEntries(["name", "x", "layers"].map((key) => [key, model.get(key)]));

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  const slopeLine = ({ name, x, layers }) =>
    `<strong>${name}</strong> at x = ${minus(x)}: slope ${written(slope(name, x))}. Of a gradient of 1,`
    + ` ${layersOf(layers)} of such units leave <strong>${written(left(name, x, layers).at(-1))}</strong>.`;

  function wayBack({ x }) {
    const winners = first(x);
    if (!winners.length) return "From 0 on there is no way to go back. Move x below 0 and ask again.";
    const counts = NAMES.map((name) => [stepsBack(name, x), name]).filter(([steps]) => steps !== null);
    counts.sort((a, b) => a[0] - b[0]);
    const [[fewest], [most, last]] = [counts[0], counts.at(-1)];
    return `${winners.join(" and ")} ${winners.length > 1 ? "are" : "is"} back first, after ${thousands(fewest)} steps;`
      + ` ${last} needs ${thousands(most)}. ReLU stays where it is for ever: its step is ${RATE} · 0.`;
  }

  function draw() {
    const now = state();
    for (const key of ["x", "layers"]) {
      el.querySelector(`[data-set="${key}"]`).value = now[key];
      part(key).textContent = minus(now[key]);
    }
    part("curve-name").textContent = `${now.name}, and its slope at x`;
    part("bars-name").textContent = `${now.name}: the gradient, layer by layer`;
    part("left-name").textContent = `Left after ${now.layers}`;
    part("curve").innerHTML = curve(now.name, now.x);
    part("bars").innerHTML = bars(now.name, now.x, now.layers);
    for (const name of NAMES) {
      el.querySelector(`input[value="${name}"]`).checked = name === now.name;
      cell("slope", name).textContent = written(slope(name, now.x));
      cell("left", name).textContent = written(left(name, now.x, now.layers).at(-1));
      cell("steps", name).textContent = open ? thousands(stepsBack(name, now.x) ?? "never") : "?";
    }
    const question = "Which of the five comes back to 0 in the fewest steps? Choose it, then check.";
    say("", slopeLine(now), open ? wayBack(now) : question);
  }

  function reveal(guess) {
    open = true;
    draw();
    const winners = first(model.get("x"));
    if (guess === undefined || !winners.length) return;
    const right = winners.includes(guess);
    say(right ? "right" : "wrong", slopeLine(state()), `${right ? "Right: " : `Not ${guess}: `}${wayBack(state())}`);
  }

  el.addEventListener("input", ({ target }) => {
    if (target.dataset.set) model.set(target.dataset.set, target.valueAsNumber);
    else if (target.type === "radio") model.set("name", target.value);
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    if (part("guess").value) reveal(part("guess").value);
    else say("", slopeLine(state()), "Choose one of the five first.");
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "show") reveal();
  });
  model.on("change", draw);
  draw();
}

export default { render };
