/* Ten layers with random weights of a chosen size, computed here: the signal on its way up, and the gradient down. */

const LAYERS = 10;
const BATCH = 20;

/** Draw numbers with mean 0 and variance 1, sums of four uniform ones; a seed gives the same numbers as in Python. */
export function draws(seed, count, from = 0) {
  const uniform = (index) => {
    const state = Math.imul(seed + 1, 0x9e3779b1) + Math.imul(index + 1, 0x6d2b79f5);
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Array.from({ length: count }, (_, n) => {
    const first = 4 * (from + n);
    return Math.sqrt(3) * (uniform(first) + uniform(first + 1) + uniform(first + 2) + uniform(first + 3) - 2);
  });
}

const rms = (values) => Math.sqrt(values.reduce((sum, each) => sum + each * each, 0) / values.length);
const drawn = new Map(); // inputs, gradients at the top and weights, so that moving the slider draws none

function ingredients(width, seed) {
  const key = `${width} ${seed}`;
  if (!drawn.has(key)) {
    const parts = draws(seed, 2 * BATCH * width + LAYERS * width ** 2);
    const take = (count) => Float64Array.from(parts.splice(0, count));
    const [x, top] = [take(BATCH * width), take(BATCH * width)];
    drawn.set(key, { x, top, weights: Array.from({ length: LAYERS }, () => take(width ** 2)) });
  }
  return drawn.get(key);
}

/** Send a batch through the layers and a gradient back; note sizes, and the share of units that pass on hardly anything. */
export function through(activation, width, std, seed) {
  const { x, top, weights } = ingredients(width, seed);
  const relu = activation === "ReLU";
  const outputs = [];
  weights.reduce((below, w) => {
    const out = new Float64Array(BATCH * width);
    for (let n = 0; n < BATCH; n++) {
      for (let i = 0; i < width; i++) {
        const scaled = std * below[n * width + i];
        for (let j = 0; j < width; j++) out[n * width + j] += scaled * w[i * width + j];
      }
    }
    outputs.push(out.map(relu ? (z) => Math.max(z, 0) : Math.tanh));
    return outputs.at(-1);
  }, x);
  const backward = [];
  weights.reduceRight((above, w, layer) => {
    const below = new Float64Array(BATCH * width);
    const slopes = outputs[layer].map(relu ? (h) => Number(h > 0) : (h) => 1 - h * h);
    for (let n = 0; n < BATCH; n++) {
      for (let i = 0; i < width; i++) {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += above[n * width + j] * slopes[n * width + j] * w[i * width + j];
        below[n * width + i] = std * sum;
      }
    }
    backward.unshift(rms(below));
    return below;
  }, top);
  const idle = relu ? (h) => h === 0 : (h) => Math.abs(h) > 0.99;
  return { forward: outputs.map(rms), backward, idle: outputs.map((out) => out.filter(idle).length / out.length) };
}

/** The factor by which a layer multiplies a signal: for ReLUs always, for tanh while the signal is small. */
export function factor(activation, width, std) {
  return std * Math.sqrt(activation === "ReLU" ? width / 2 : width);
}

/** Say where ten layers have brought a size of 1. */
export function fate(size) {
  return size < 0.1 ? "vanishes" : size > 10 ? "explodes" : "stays";
}

/** Write a size with two digits, a very large or small one with a power of ten. */
export function written(size) {
  if (size >= 0.01 && size < 1000) return String(Number(size.toPrecision(2)));
  const [digits, power] = size.toExponential(1).split("e");
  return `${digits}·10${[...power].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)] ?? "").join("")}`;
}

const RULES = {
  "0.01": () => 0.01, "1/√D": (width) => 1 / Math.sqrt(width), "√(2/D)": (width) => Math.sqrt(2 / width),
  "√(D/2), as printed": (width) => Math.sqrt(width / 2),
};
const MARKUP = `
  <div class="moving-bar">
    <label>Units <select data-set="activation"><option>tanh</option><option>ReLU</option></select></label>
    <label>Width D <select data-set="width"><option>50</option><option>100</option><option>200</option></select></label>
    <label class="moving-slider">Std of weights <input type="range" min="-3" max="1" step="0.005" data-part="slider">
      <output data-part="std"></output></label>
  </div>
  <div class="moving-bar"><span class="depth-rules">Rules:</span>
    ${Object.keys(RULES).map((rule) => `<button type="button" data-rule="${rule}">${rule}</button>`).join("")}
    <button type="button" data-do="redraw">Other weights</button></div>
  <div class="moving-row">
    <div class="depth-picture" data-part="picture"></div>
    <div class="depth-side"><table class="moving-table"><caption data-part="caption"></caption>
      <thead><tr><th scope="col">Layer</th><th scope="col">Signal</th><th scope="col">Gradient</th>
        <th scope="col" data-part="idle"></th></tr></thead>
      <tbody data-part="rows"></tbody></table></div>
  </div>
  <div class="moving-result depth-result" role="status" aria-live="polite"></div>`;

const REACH = 12; // decades drawn above and below 1
const y = (size) => (8 + 102 * (1 - Math.min(Math.max(Math.log10(size || 1e-99) / REACH, -1), 1))).toFixed(1);

/** Draw both sizes over the layers, on a logarithmic axis; what leaves it runs along its edge. */
function picture({ forward, backward }) {
  const points = (sizes, first) => sizes.map((size, n) => `${44 + 24 * (n + first)},${y(size)}`).join(" ");
  const dots = (sizes, first, kind) => sizes.map((size, n) => (kind === "depth-signal"
    ? `<circle class="${kind}" cx="${44 + 24 * (n + first)}" cy="${y(size)}" r="3.5"/>`
    : `<rect class="${kind}" x="${41 + 24 * (n + first)}" y="${y(size) - 3}" width="6" height="6"/>`)).join("");
  const [up, down] = [[1, ...forward], [...backward, 1]];
  const lines = [-12, -6, 0, 6, 12].map((power) => {
    const height = y(10 ** power);
    return `<line class="${power ? "" : "depth-one"}" x1="44" x2="284" y1="${height}" y2="${height}"/>`
      + `<text class="depth-power" x="40" y="${Number(height) + 4.5}">${power ? written(10 ** power).slice(4) : 1}</text>`;
  });
  const names = [0, 5, 10].map((layer) => `<text x="${44 + 24 * layer}" y="232">${layer ? `layer ${layer}` : "input"}</text>`);
  return `<svg viewBox="0 0 316 238" role="img" aria-label="Size of the signal after ten layers ${written(forward.at(-1))};`
    + ` of the gradient at the input ${written(backward[0])}">${lines.join("")}${names.join("")}`
    + `<polyline class="depth-gradient" points="${points(down, 0)}"/>${dots(down, 0, "depth-gradient")}`
    + `<polyline class="depth-signal" points="${points(up, 0)}"/>${dots(up, 0, "depth-signal")}</svg>`
    + '<p class="boundary-key">Circles: the signal, from left to right. Squares: the gradient, from right to left.'
    + " Both begin with 1.</p>";
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);

  function describe(activation, width, std, found) {
    const [signal, gradient] = [found.forward.at(-1), found.backward[0]];
    const [goes, comes] = [fate(signal), fate(gradient)];
    const root = activation === "ReLU" ? `√(${width}/2)` : `√${width}`;
    return [
      `Factor of a layer, ${activation === "ReLU" ? "on average" : "while the signal is small"}: ${root} · ${written(std)}`
        + ` = ${written(factor(activation, width, std))}.`,
      `The signal <strong>${goes}</strong>, ${written(signal)} after layer 10; the gradient`
        + ` <strong>${comes}</strong>, ${written(gradient)} at the input.`,
      moral(activation, width, std, [goes, comes], found),
    ];
  }

  function moral(activation, width, std, [goes, comes], { forward, backward, idle }) {
    if (goes !== "stays" && goes === comes) {
      return `At every layer the two multiply to about ${written(forward[4] * backward[5])}.`
        + ` A weight's gradient is such a product: all ten layers are equally ${goes === "vanishes" ? "deaf" : "shaken"}.`;
    }
    if (activation === "tanh" && factor(activation, width, std) > 1 && comes === "explodes") {
      return `${Math.round(100 * idle.at(-1))}% of the units in layer 10 are saturated, beyond ±0.99, and yet the gradient`
        + " grows: the few others pass on all the more.";
    }
    if (goes !== "stays" || comes !== "stays") return "This is the edge: other weights of the same size may tip it over.";
    return activation === "ReLU"
      ? "Both arrive. By the law, 26% more would make them ten times as large after ten layers, 21% less a tenth."
      : "Both arrive. The signal narrows slowly even with the right number, since tanh bends it in every layer.";
  }

  function draw() {
    const [activation, width, std, seed] = ["activation", "width", "std", "seed"].map((name) => model.get(name));
    const found = through(activation, width, std, seed);
    for (const control of el.querySelectorAll("[data-set]")) control.value = model.get(control.dataset.set);
    part("slider").value = Math.log10(std);
    part("slider").setAttribute("aria-valuetext", written(std));
    part("std").textContent = std.toPrecision(3);
    part("picture").innerHTML = picture(found);
    part("caption").textContent = `Root mean squares, ${width} ${activation} units wide`;
    part("idle").textContent = activation === "ReLU" ? "Zeros" : "Saturated";
    part("rows").innerHTML = [1, 2, 5, 8, 10].map((layer) => `<tr><th scope="row">${layer}</th>
      <td>${written(found.forward[layer - 1])}</td><td>${written(found.backward[layer - 1])}</td>
      <td>${Math.round(100 * found.idle[layer - 1])}%</td></tr>`).join("");
    const result = el.querySelector(".moving-result");
    result.innerHTML = describe(activation, width, std, found).map((line) => `<p>${line}</p>`).join("");
    result.dataset.verdict = [found.forward.at(-1), found.backward[0]].every((size) => fate(size) === "stays") ? "right" : "";
  }

  el.addEventListener("input", ({ target }) => {
    if (target === part("slider")) model.set("std", 10 ** target.valueAsNumber);
    else if (target.dataset.set) {
      model.set(target.dataset.set, target.dataset.set === "width" ? Number(target.value) : target.value);
    }
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.rule) model.set("std", RULES[target.dataset.rule](model.get("width")));
    if (target.dataset.do === "redraw") model.set("seed", model.get("seed") + 1);
  });
  model.on("change", draw);
  draw();
}

export default { render };
