/* A digit as a mean and a few fixed patterns: its code by PCA, what k numbers of it draw, and the error that is left. */

/** Measure along every axis how far a picture lies from the mean. */
export function encode(x, mean, axes) {
  return axes.map((axis) => axis.reduce((sum, each, n) => sum + each * (x[n] - mean[n]), 0));
}

/** Add up the mean and the axes, each as often as the code says. */
export function decode(code, mean, axes) {
  return mean.map((value, n) => code.reduce((sum, each, k) => sum + each * axes[k][n], value));
}

export function error(a, b) {
  return a.reduce((sum, value, n) => sum + (value - b[n]) ** 2, 0) / a.length;
}

/** The error with no number, with the first one, the first two, and so on. */
export function errors(x, mean, axes) {
  const code = encode(x, mean, axes);
  return [...Array(axes.length + 1).keys()].map((k) => error(x, decode(code.slice(0, k), mean, axes)));
}

const MARKUP = `
  <div class="moving-bar">
    <label>Digit <select data-set="digit"></select></label>
    <label class="moving-slider">Numbers used <input type="range" min="0" data-set="used">
      <output data-part="used"></output></label>
    <button type="button" data-do="true">True code</button>
  </div>
  <div class="code-panels">
    <div><p class="moving-name">Digit</p><div data-part="digit"></div></div>
    <div><p class="moving-name">Drawn</p><div data-part="drawn"></div></div>
    <div><p class="moving-name">Difference</p><div data-part="gap"></div></div>
    <div class="code-chart"><p class="moving-name">Error with 0, 1, 2, … numbers</p><div data-part="chart"></div></div>
  </div>
  <p class="moving-name">The code: how much of each pattern is added to the mean</p>
  <div class="code-patterns" data-part="patterns"></div>
  <div class="moving-result code-result" role="status" aria-live="polite"></div>`;

const SIDE = 8;
const written = (value, digits = 2) => value.toFixed(digits).replace("-", "−").replace(/^−(0\.?0*)$/, "$1");
const level = (value, largest) =>
  Math.sign(value) * Math.min(Math.round(3.4 * (Math.abs(value) / largest)), 3);

function svg(values, words, paint) {
  const cells = values.map((value, n) =>
    `<rect x="${n % SIDE}" y="${Math.floor(n / SIDE)}" width="1" height="1" ${paint(value)}/>`);
  return `<svg viewBox="0 0 ${SIDE} ${SIDE}" role="img" aria-label="${words}" shape-rendering="crispEdges">
    ${cells.join("")}</svg>`;
}

const grey = (value) => `fill="rgb(${Array(3).fill(Math.round(255 * Math.min(Math.max(value, 0), 1))).join()})"`;
const signed = (largest) => (value) => `class="code-signed" data-shade="${level(value, largest)}"`;

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const [mean, axes] = ["mean", "axes"].map((name) => model.get(name).map((row) =>
    (Array.isArray(row) ? row.map((each) => each / 10000) : row / 10000)));
  const picture = () => model.get("digits")[model.get("digit")].map((each) => each / 16);
  const trueCode = () => encode(picture(), mean, axes);
  let code = trueCode(); // with the reader's changes

  function build() {
    part("patterns").innerHTML = axes.map((axis, k) => `<label>
      ${svg(axis, `Pattern ${k + 1}`, signed(Math.max(...axis.map(Math.abs))))}
      <span>${k + 1}</span>
      <input type="number" step="0.25" data-code="${k}" aria-label="Number ${k + 1} of the code"></label>`).join("");
    el.querySelector("select").innerHTML = Object.keys(model.get("digits")).map((name) => `<option>${name}</option>`).join("");
    el.querySelector("[type=range]").max = axes.length;
  }

  function chart(all, used, now) {
    const top = 1.15 * Math.max(all[0], 0.09);
    const height = (value) => (50 * Math.min(value, top)) / top;
    const bars = all.map((value, k) => `<rect class="${k === used ? "code-now" : "code-bar"}" x="${10 * k + 1}" width="8"
      y="${50 - height(value)}" height="${height(value)}"/>`);
    const names = all.map((_, k) => (k % 2 ? "" : `<text x="${10 * k + 5}" y="58">${k}</text>`));
    const line = Math.abs(now - all[used]) > 1e-6
      ? `<line x1="0" x2="130" y1="${50 - height(now)}" y2="${50 - height(now)}"/>` : "";
    return `<svg viewBox="0 0 130 62" role="img" aria-label="Errors: ${all.map((each) => written(each, 4)).join(", ")}; now
      ${written(now, 4)}">${bars.join("")}${names.join("")}${line}</svg>`;
  }

  /** Say what the last number, or the reader's change, did to the error. */
  function remark(all, used, best) {
    const off = code.slice(0, used).map((each, k) => each - best[k]);
    const changed = off.map((_, k) => k).filter((k) => Math.abs(off[k]) > 1e-9);
    const mine = changed.length ? off.reduce((sum, each) => sum + each ** 2, 0) / picture().length : 0;
    const taken = best.map((each) => each ** 2 / picture().length);
    const largest = taken.indexOf(Math.max(...taken));
    if (changed.length === 1) {
      const [k] = changed;
      const sum = `${written(Math.abs(off[k]))}²/64 = ${written(mine, 4)}`;
      return `Number ${k + 1} is off by ${written(off[k])}: that adds ${sum} to the error.`
        + " <strong>Any other number, off by as much, would add just this.</strong>";
    }
    if (changed.length) {
      return `${changed.length} numbers are off: that adds the sum of their squares, over 64, ${written(mine, 4)}.`
        + " <strong>Patterns at right angles cannot make up for each other.</strong>";
    }
    if (!used) return "No number: every digit is drawn as the mean digit. Which number will help this one most?";
    const most = largest >= used ? `Still to come: number ${largest + 1}, which takes off ${written(taken[largest], 4)}.`
      : `Of this ${model.get("digit")}, number ${largest + 1} says most${largest ? "; the order is that of all digits" : ""}.`;
    const own = `${written(Math.abs(best[used - 1]))}²/64 = ${written(taken[used - 1], 4)}`;
    return `Number ${used} takes off ${own}. <strong>${most}</strong>`;
  }

  function draw() {
    const [x, used] = [picture(), model.get("used")];
    const [best, all] = [trueCode(), errors(x, mean, axes)];
    const drawn = decode(code.slice(0, used), mean, axes);
    const now = error(x, drawn);
    el.querySelector("select").value = model.get("digit");
    el.querySelector("[type=range]").value = used;
    part("used").textContent = `${used} of ${axes.length}`;
    for (const input of el.querySelectorAll("[data-code]")) {
      const k = Number(input.dataset.code);
      if (input !== document.activeElement) input.value = Math.round(100 * code[k]) / 100;
      input.disabled = k >= used;
      input.parentElement.classList.toggle("code-off", k >= used);
      input.parentElement.classList.toggle("code-changed", k < used && Math.abs(code[k] - best[k]) > 1e-9);
    }
    part("digit").innerHTML = svg(x, `The digit, a ${model.get("digit")}`, grey);
    part("drawn").innerHTML = svg(drawn, `Drawn from ${used} numbers, error ${written(now, 4)}`, grey);
    part("gap").innerHTML = svg(drawn.map((each, n) => each - x[n]), "Where it is too bright and too dark", signed(0.8));
    part("chart").innerHTML = chart(all, used, now);
    const numbers = used > 1 ? `${used} numbers` : used ? "1 number" : "no number";
    el.querySelector(".moving-result").innerHTML = `<p class="moving-sum">error with ${numbers}: ${written(now, 4)},`
      + ` of the mean digit: ${written(all[0], 4)}</p><p>${remark(all, used, best)}</p>`;
  }

  el.addEventListener("input", ({ target }) => {
    if (target.dataset.code && target.value !== "" && Math.abs(target.valueAsNumber) <= 9) {
      const best = trueCode(); // shown rounded, so what is typed is read as a change of what was shown
      const typed = (k) => best[k] + target.valueAsNumber - Math.round(100 * best[k]) / 100;
      code = code.map((each, k) => (k === Number(target.dataset.code) ? typed(k) : each));
      draw();
    } else if (target.dataset.set === "digit") {
      model.set("digit", target.value);
      code = trueCode();
      draw();
    } else if (target.dataset.set === "used") {
      model.set("used", target.valueAsNumber);
      draw();
    }
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.dataset.code) target.value = Math.round(100 * code[target.dataset.code]) / 100;
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do !== "true") return;
    code = trueCode();
    draw();
  });
  build();
  draw();
}

export default { render };
