/* Windows gathered into the columns of a matrix, and the gradient of the columns scattered back, added pixel by pixel. */

/** List the top left pixels [row, column] of the windows on a square image, in the order of the columns. */
export function positions(side, kernel, stride) {
  const steps = Array.from({ length: Math.floor((side - kernel) / stride) + 1 }, (_, n) => n * stride);
  return steps.flatMap((row) => steps.map((column) => [row, column]));
}

/** Write each window as a column: the rows are the entries of the kernel, row by row. */
export function gather(image, kernel, stride) {
  const windows = positions(image.length, kernel, stride);
  return Array.from({ length: kernel ** 2 }, (_, n) =>
    windows.map(([row, column]) => image[row + Math.floor(n / kernel)][column + (n % kernel)]));
}

/** Multiply the kernel, as a row, with the columns. */
export function product(weights, columns) {
  const row = weights.flat();
  return columns[0].map((_, p) => row.reduce((sum, weight, n) => sum + weight * columns[n][p], 0));
}

/** Carry the gradient of the product back to the columns: the kernel as a column, times the gradient as a row. */
export function columnsGradient(weights, dout) {
  return weights.flat().map((weight) => dout.map((each) => weight * each));
}

/** Add the columns up to number `last` back onto an image of zeros. */
export function scatter(columns, side, kernel, stride, last) {
  const image = Array.from({ length: side }, () => Array(side).fill(0));
  positions(side, kernel, stride).slice(0, last + 1).forEach(([row, column], p) => columns.forEach((entries, n) => {
    image[row + Math.floor(n / kernel)][column + (n % kernel)] += entries[p];
  }));
  return image;
}

/** Count in how many of the windows up to number `last` each pixel is. */
export function uses(side, kernel, stride, last) {
  const ones = Array.from({ length: kernel ** 2 }, () => positions(side, kernel, stride).map(() => 1));
  return scatter(ones, side, kernel, stride, last);
}

/** List the entries [row, column] of the matrix of columns that hold one pixel. */
export function places(row, column, side, kernel, stride) {
  return positions(side, kernel, stride).flatMap(([top, left], p) => {
    const [k, m] = [row - top, column - left];
    return k >= 0 && k < kernel && m >= 0 && m < kernel ? [[k * kernel + m, p]] : [];
  });
}

const MARKUP = `
  <div class="moving-bar">
    <label>Direction <select data-set="backward">
      <option value="">gather (forward)</option><option value="yes">scatter (backward)</option></select></label>
    <label>Kernel <select data-set="kernel"><option value="3">3 × 3</option><option value="2">2 × 2</option></select></label>
    <label>Stride <select data-set="stride"><option>1</option><option>2</option></select></label>
  </div>
  <div class="moving-bar">
    <label class="moving-slider">Window <input type="range" min="0" data-set="step"> <output data-part="step"></output></label>
    <button type="button" class="moving-main" data-do="next">Next window</button>
  </div>
  <div class="moving-row">
    <div class="moving-stack">
      <table class="moving-grid"><caption data-part="image-name"></caption><tbody data-part="image"></tbody></table>
      <table class="moving-grid"><caption>Uses so far</caption><tbody data-part="uses"></tbody></table>
    </div>
    <table class="moving-grid moving-small"><caption data-part="columns-name"></caption><tbody data-part="columns"></tbody></table>
    <div class="moving-stack">
      <table class="moving-grid moving-small"><caption>Kernel, as a row</caption><tbody data-part="kernel"></tbody></table>
      <table class="moving-grid moving-small"><caption data-part="map-name"></caption><tbody data-part="map"></tbody></table>
    </div>
  </div>
  <form class="moving-bar">
    <label><span data-part="question"></span> <input type="number" step="1" min="0" max="9" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
  </form>
  <div class="moving-result moving-tall" role="status" aria-live="polite"></div>`;

const written = (value) => String(value).replace("-", "−");
const bracket = (value) => (value < 0 ? `(${written(value)})` : written(value));
const level = (value, largest) => (value && largest ? Math.sign(value) * Math.ceil(3 * (Math.abs(value) / largest)) : 0);
const numbers = (list) => (list.length < 2 ? list.join("") : `${list.slice(0, -1).join(", ")} and ${list.at(-1)}`);

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const controls = [...el.querySelectorAll("[data-set]")];

  /** Everything that is shown now. */
  function now() {
    const [image, kernel, stride] = ["image", "kernel", "stride"].map((key) => model.get(key));
    const windows = positions(image.length, kernel, stride);
    const weights = model.get("weights").slice(0, kernel).map((line) => line.slice(0, kernel));
    const dout = model.get("dout").slice(0, windows.length);
    const backward = model.get("backward");
    const columns = backward ? columnsGradient(weights, dout) : gather(image, kernel, stride);
    const [row, column] = model.get("pixel");
    return {
      image, kernel, stride, windows, weights, dout, columns, row, column, backward,
      step: model.get("step"),
      side: image.length,
      found: places(row, column, image.length, kernel, stride),
    };
  }

  /** Write rows of cells; `look(i, j)` says what is framed, picked, or not known yet. */
  function rows(values, look = () => ({}), buttons = false) {
    const largest = Math.max(...values.flat().map(Math.abs));
    return values.map((line, i) => `<tr>${line.map((value, j) => {
      const { framed, picked, unknown } = look(i, j);
      const kinds = `${framed ? "moving-framed" : ""}${picked ? " moving-picked" : ""}`;
      const text = unknown ? "·" : written(value);
      const attributes = `data-at="${i},${j}" tabindex="${picked ? 0 : -1}" aria-pressed="${picked}"`
        + ` aria-label="Pixel ${i}, ${j}: ${text}"`;
      return `<td data-level="${unknown ? 0 : level(value, largest)}" class="${kinds}">`
        + `${buttons ? `<button type="button" ${attributes}>${text}</button>` : text}</td>`;
    }).join("")}</tr>`).join("");
  }

  function draw() {
    const { image, kernel, stride, step, backward, windows, weights, dout, columns, side, row, column, found } = now();
    const [top, left] = windows[step];
    const inWindow = (i, j) => i >= top && i < top + kernel && j >= left && j < left + kernel;
    const pixel = (i, j) => ({ framed: inWindow(i, j), picked: i === row && j === column });
    el.querySelector('[data-set="step"]').max = windows.length - 1;
    for (const control of controls) {
      const name = control.dataset.set;
      control.value = name === "backward" ? (backward ? "yes" : "") : model.get(name);
    }
    part("step").textContent = `${step} of 0 to ${windows.length - 1}`;
    part("image-name").textContent = backward ? "Gradient, so far" : "Image";
    part("columns-name").textContent = backward ? "Gradient of the columns" : "Columns";
    part("map-name").textContent = backward ? "Gradient of the map" : "Map, as a row";
    const all = windows.length === 1 ? "the 1 window" : `the ${windows.length} windows`;
    part("question").textContent = `In how many of ${all} is pixel ${row}, ${column}?`;
    const held = part("image").contains(document.activeElement);
    part("image").innerHTML = rows(backward ? scatter(columns, side, kernel, stride, step) : image, pixel, true);
    if (held) part("image").querySelector('[tabindex="0"]').focus();
    part("columns").innerHTML = rows(columns, (n, p) => ({
      framed: p === step,
      picked: found.some(([i, j]) => i === n && j === p) && (backward || p <= step),
      unknown: !backward && p > step,
    }));
    part("kernel").innerHTML = rows([weights.flat()], (_, n) => ({ picked: found.some(([i, p]) => i === n && p === step) }));
    const map = backward ? dout : product(weights, columns);
    part("map").innerHTML = rows([map], (_, p) => ({ framed: p === step, unknown: !backward && p > step }));
    part("uses").innerHTML = rows(uses(side, kernel, stride, step), pixel);
  }

  function say(verdict, sentence, lines = []) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = `<p>${sentence}</p>${lines.map((line) => `<p class="moving-sum">${line}</p>`).join("")}`;
  }

  function explainScatter({ step, windows, weights, dout, columns, row, column, found }) {
    const added = found.filter(([, p]) => p <= step);
    const terms = added.map(([n, p]) => `${bracket(weights.flat()[n])} · ${bracket(dout[p])}`);
    const sum = added.reduce((total, [n, p]) => total + columns[n][p], 0);
    const where = `the window that begins at pixel ${windows[step].join(", ")}`;
    say("", `Column ${step} is the kernel times ${written(dout[step])}. It is added to ${where}.`, [
      `pixel ${row}, ${column} so far: ${terms.length ? `${terms.join(" + ")} = ` : ""}${written(sum)}`,
    ]);
  }

  function explainGather({ image, kernel, step, windows, weights, columns, row, column, found }) {
    const lines = weights.map((line, k) => line.map((weight, m) =>
      `${bracket(weight)} · ${bracket(columns[k * kernel + m][step])}`).join(" + "));
    lines[kernel - 1] += ` = ${written(product(weights, columns)[step])}`;
    const copies = found.filter(([, p]) => p <= step);
    const s = copies.length === 1 ? "" : "s";
    const where = copies.length
      ? `has been copied to column${s} ${numbers(copies.map(([, p]) => p))}, row${s} ${numbers(copies.map(([n]) => n))}`
      : "has not been copied yet";
    const value = written(image[row][column]);
    say("", `The window that begins at pixel ${windows[step].join(", ")} is column ${step}.`
      + ` Pixel ${row}, ${column}, which is ${value}, ${where}.`,
    lines.map((line, n) => (n ? `+ ${line}` : line)));
  }

  /** Say what the step of now does, number by number. */
  const explain = () => (model.get("backward") ? explainScatter : explainGather)(now());

  function change(values) {
    part("guess").value = "";
    model.set(values);
    explain();
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (name === "step") change({ step: Number(target.value) });
    else if (name) change({ step: 0, [name]: name === "backward" ? target.value === "yes" : Number(target.value) });
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const { found, row, column } = now();
    const guess = part("guess").valueAsNumber;
    if (!Number.isFinite(guess)) return say("", "Type a number first.");
    const right = guess === found.length;
    const once = found.length === 1;
    const meaning = found.length
      ? `, number ${numbers(found.map(([, p]) => p))}. Forward it is copied ${once ? "once" : `${found.length} times`}; `
        + `backward its gradient is ${once ? "one entry" : `a sum of ${found.length}`}`
      : ": no window reaches it, so its gradient is 0";
    say(right ? "right" : "wrong", `${right ? "Right" : "Not quite"}: pixel ${row}, ${column} is in`
      + ` <strong>${once ? "1 window" : `${found.length} windows`}</strong>${meaning}.`);
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "next") change({ step: (model.get("step") + 1) % now().windows.length });
    if (target.dataset.at) change({ pixel: target.dataset.at.split(",").map(Number) });
  });
  part("image").addEventListener("keydown", (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const last = model.get("image").length - 1;
    change({ pixel: model.get("pixel").map((place, axis) => Math.min(last, Math.max(0, place + move[axis]))) });
  });
  model.on("change", draw);
  draw();
  explain();
}

export default { render };
