/* A convolution on 4 by 4 pixels as the matrix of a fully connected layer; each constraint, local and shared, can be lifted. */

const SIDE = 4; // of the image

/** List the pixels that an output looks at through its window of size by size. */
export function windowOf(size, output) {
  const map = SIDE - size + 1;
  const first = Math.floor(output / map) * SIDE + (output % map);
  return Array.from({ length: size * size }, (_, k) => first + Math.floor(k / size) * SIDE + (k % size));
}

/** Lay a kernel, row by row, into the matrix: a row for each pixel, a column for each output. */
export function fromKernel(size, weights) {
  const windows = Array.from({ length: (SIDE - size + 1) ** 2 }, (_, output) => windowOf(size, output));
  return Array.from({ length: SIDE * SIDE }, (_, pixel) => windows.map((each) => weights[each.indexOf(pixel)] ?? 0));
}

/** Put a matrix under the constraint of a kind of layer; shared weights become those of one output. */
export function constrained(matrix, kind, size, output) {
  if (kind === "shared") return fromKernel(size, windowOf(size, output).map((pixel) => matrix[pixel][output]));
  if (kind === "full") return matrix;
  return matrix.map((row, pixel) => row.map((value, n) => (windowOf(size, n).includes(pixel) ? value : 0)));
}

/** List the entries, as [pixel, output], that hold the same free number as this one. */
export function tied(kind, size, pixel, output) {
  if (kind !== "shared") return [[pixel, output]];
  const place = windowOf(size, output).indexOf(pixel);
  return Array.from({ length: (SIDE - size + 1) ** 2 }, (_, n) => [windowOf(size, n)[place], n]);
}

export function typed(matrix, kind, size, pixel, output, value) {
  const changed = matrix.map((row) => [...row]);
  for (const [p, n] of tied(kind, size, pixel, output)) changed[p][n] = value;
  return changed;
}

export function counts(matrix, kind, size) {
  const entries = matrix.length * matrix[0].length;
  const free = { shared: size * size, local: size * size * matrix[0].length, full: entries }[kind];
  return { entries, free, nonzero: matrix.flat().filter((value) => value !== 0).length };
}

/** Tell whether the matrix is that of some convolution, so that outputs move along with the image. */
export function movesAlong(matrix, size) {
  return JSON.stringify(constrained(matrix, "shared", size, 0)) === JSON.stringify(matrix);
}

const MARKUP = `
  <div class="moving-bar">
    <label>Layer <select data-set="kind"><option value="shared">local and shared</option>
      <option value="local">local only</option><option value="full">fully connected</option></select></label>
    <label>Kernel <select data-set="size"><option value="2">2 by 2</option><option value="3">3 by 3</option></select></label>
    <label class="moving-slider">Output <input type="range" min="0" data-set="output">
      <output data-part="output"></output></label>
    <label class="moving-slider">Pixel <input type="range" min="0" max="15" data-set="pixel">
      <output data-part="pixel"></output></label>
  </div>
  <div class="bands">
    <div data-part="matrix"></div>
    <div class="moving-stack">
      <table class="moving-grid moving-edit bands-column"><caption></caption><tbody></tbody></table>
      <table class="moving-grid bands-row"><caption></caption><tbody></tbody></table>
    </div>
  </div>
  <div class="moving-result moving-tall" role="status" aria-live="polite"></div>`;

const written = (value) => String(value).replace("-", "−");
const level = (value, largest) => (value ? Math.sign(value) * Math.ceil(3 * (Math.abs(value) / largest)) : 0);
const listed = (all) => (all.length < 2 ? `${all}` : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`);
const chunks = (list, width) => Array.from({ length: list.length / width }, (_, n) => list.slice(n * width, (n + 1) * width));

/** Draw the matrix; the chosen column and row are framed, and so are the entries that hold the number in hand. */
function picture(matrix, { kind, size, output, pixel }, held) {
  const largest = Math.max(...matrix.flat().map(Math.abs));
  const width = matrix[0].length;
  const same = held === null ? [] : tied(kind, size, held, output).map(String);
  const cells = matrix.flatMap((row, p) => row.map((value, n) => {
    const shown = value || kind === "full" || windowOf(size, n).includes(p) ? written(value) : "·";
    return `<g data-at="${p},${n}" class="${same.includes(`${p},${n}`) ? "cells-framed" : value ? "" : "bands-zero"}">`
      + `<rect data-level="${level(value, largest)}" x="${n + 0.04}" y="${p + 0.04}" width="0.92" height="0.92" rx="0.1"/>`
      + `<text x="${n + 0.5}" y="${p + 0.5}">${shown}</text></g>`;
  }));
  const names = [...matrix.map((_, p) => `<text x="-0.45" y="${p + 0.5}"${p === pixel ? ' class="bands-here"' : ""}>${p}</text>`),
    ...matrix[0].map((_, n) => `<text x="${n + 0.5}" y="-0.4"${n === output ? ' class="bands-here"' : ""}>${n}</text>`)];
  const words = `A matrix of ${matrix.length} rows, the pixels, and ${width} columns, the outputs. Column ${output} holds`
    + ` ${matrix.map((row) => written(row[output])).join(", ")}; row ${pixel} holds ${matrix[pixel].map(written).join(", ")}.`;
  return `<p class="moving-name">row: pixel, column: output</p>`
    + `<svg class="cells" width="${(width + 1.1) * 24}" viewBox="-1 -0.9 ${width + 1.1} 17.1" role="img" aria-label="${words}">`
    + `${cells.join("")}<g class="cells-count">${names.join("")}</g>`
    + `<rect class="bands-frame" x="${output}" y="0" width="1" height="16" rx="0.12"/>`
    + `<rect class="bands-frame bands-across" x="0" y="${pixel}" width="${width}" height="1" rx="0.12"/></svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const control = (name) => el.querySelector(`[data-set="${name}"]`);
  const state = () => Object.fromEntries(["kind", "size", "output", "pixel"].map((name) => [name, model.get(name)]));
  const held = () => {
    const field = el.querySelector("[data-weight]:focus");
    return field ? Number(field.dataset.weight) : null;
  };
  let laid = ""; // for which layer and output the weights' fields are there

  function drawColumn(matrix, { kind, size, output }) {
    const table = el.querySelector(".bands-column");
    const largest = Math.max(...matrix.map((row) => Math.abs(row[output])));
    const open = matrix.map((_, p) => kind === "full" || windowOf(size, output).includes(p));
    if (laid !== `${kind} ${size} ${output}`) {
      table.caption.textContent = `Column ${output}: what output ${output} reads`;
      const cells = matrix.map((_, p) => (open[p] ? `<td><input type="number" step="any" data-weight="${p}"`
        + ` aria-label="Weight of output ${output} for pixel ${p}"></td>` : "<td>·</td>"));
      table.tBodies[0].innerHTML = chunks(cells, SIDE).map((row) => `<tr>${row.join("")}</tr>`).join("");
      laid = `${kind} ${size} ${output}`;
    }
    for (const [p, cell] of [...table.querySelectorAll("td")].entries()) {
      cell.dataset.level = level(matrix[p][output], largest);
      const field = cell.firstElementChild;
      if (field && field !== document.activeElement) field.value = matrix[p][output];
    }
  }

  function drawRow(matrix, { size, pixel }) {
    const table = el.querySelector(".bands-row");
    const largest = Math.max(...matrix[pixel].map(Math.abs));
    table.caption.textContent = `Row ${pixel}: what pixel ${pixel} writes`;
    table.tBodies[0].innerHTML = chunks(matrix[pixel], SIDE - size + 1).map((row) =>
      `<tr>${row.map((value) => `<td data-level="${level(value, largest)}">${written(value)}</td>`).join("")}</tr>`).join("");
  }

  function describe(matrix, { kind, size, output, pixel }, news) {
    const { entries, nonzero, free } = counts(matrix, kind, size);
    const along = movesAlong(matrix, size);
    const reached = matrix[pixel].flatMap((value, n) => (value ? [n] : []));
    const stamp = { 0: "nothing", [size * size]: "the whole kernel, <strong>turned by 180°</strong>" };
    const what = along ? `it writes ${stamp[reached.length] ?? "a part of the kernel, turned by 180°"}`
      : "it has a stamp of its own there";
    const fits = kind !== "full" ? `Output ${output} reads pixels ${listed(windowOf(size, output))}`
      : `Output ${output} may read all ${matrix.length} pixels`;
    const price = along ? "It is a convolution: move an image by a pixel, and its outputs move along."
      : "<strong>No kernel makes this matrix</strong>: move an image, and its outputs do not just move along.";
    const where = reached.length ? `output${reached.length > 1 ? "s" : ""} ${listed(reached)}` : "no output";
    return [`${news}<strong>${free} free numbers</strong> fill ${entries} entries, ${nonzero} of them not zero.`,
      `${fits}. Pixel ${pixel} reaches ${where}; ${what}.`, price];
  }

  function draw(news = "") {
    const now = state();
    const matrix = model.get("matrix");
    control("kind").value = now.kind;
    control("size").value = now.size;
    control("output").max = matrix[0].length - 1;
    control("output").value = now.output;
    control("pixel").value = now.pixel;
    part("output").textContent = `${now.output} of 0 to ${matrix[0].length - 1}`;
    part("pixel").textContent = `${now.pixel} of 0 to 15`;
    part("matrix").innerHTML = picture(matrix, now, held());
    drawColumn(matrix, now);
    drawRow(matrix, now);
    el.querySelector(".moving-result").innerHTML = describe(matrix, now, news).map((line) => `<p>${line}</p>`).join("");
  }

  function begin(size) {
    const matrix = fromKernel(size, model.get("kernels")[size]);
    model.set({ size, output: Math.floor(matrix[0].length / 2), matrix: constrained(matrix, model.get("kind"), size, 0) });
  }

  el.addEventListener("input", ({ target }) => {
    const { kind, size, output } = state();
    if (target.dataset.weight !== undefined) {
      if (!Number.isFinite(target.valueAsNumber)) return;
      const [pixel, value] = [Number(target.dataset.weight), target.valueAsNumber];
      model.set("matrix", typed(model.get("matrix"), kind, size, pixel, output, value));
      const many = tied(kind, size, pixel, output).length;
      draw(many === 1 ? "One number typed, one entry changed. " : `One number typed, <strong>${many} entries</strong> changed. `);
    } else if (target.dataset.set === "size") {
      begin(Number(target.value));
      draw();
    } else if (target.dataset.set === "kind") {
      model.set({ kind: target.value, matrix: constrained(model.get("matrix"), target.value, size, output) });
      draw();
    } else {
      model.set(target.dataset.set, target.valueAsNumber);
      draw();
    }
  });
  el.addEventListener("focusin", ({ target }) => {
    if (target.dataset.weight === undefined) return;
    model.set("pixel", Number(target.dataset.weight));
    draw();
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.dataset.weight === undefined) return;
    target.value = model.get("matrix")[target.dataset.weight][model.get("output")]; // the last possible number stays
    part("matrix").innerHTML = picture(model.get("matrix"), state(), null);
  });
  el.addEventListener("click", ({ target }) => {
    const cell = target.closest("[data-at]");
    if (!cell) return;
    const [pixel, output] = cell.dataset.at.split(",").map(Number);
    model.set({ pixel, output });
    draw();
  });
  begin(model.get("size"));
  model.set("output", model.get("first"));
  draw();
}

export default { render };
