/* A filter of 3 by 3 as a sum of columns times rows: its singular value decomposition, taken anew after every keystroke. */

const SIZE = 3;

/** Decompose a square matrix by Jacobi's method: turn pairs of columns until all are at right angles. Strongest term first. */
export function svd(matrix) {
  const size = matrix.length;
  const columns = Array.from({ length: size }, (_, n) => matrix.map((row) => row[n])); // of w V, which becomes U Σ
  const turns = Array.from({ length: size }, (_, n) => Array.from({ length: size }, (_, k) => Number(n === k)));
  const dot = (a, b) => a.reduce((sum, value, n) => sum + value * b[n], 0);
  for (let sweep = 0; sweep < 30; sweep++) {
    for (let p = 0; p < size - 1; p++) {
      for (let q = p + 1; q < size; q++) {
        const [pp, qq, pq] = [dot(columns[p], columns[p]), dot(columns[q], columns[q]), dot(columns[p], columns[q])];
        if (Math.abs(pq) <= 1e-17 * Math.sqrt(pp * qq)) continue;
        const angle = 0.5 * Math.atan2(2 * pq, pp - qq);
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        for (const list of [columns, turns]) {
          const [a, b] = [list[p], list[q]];
          list[p] = a.map((value, n) => c * value + s * b[n]);
          list[q] = a.map((value, n) => c * b[n] - s * value);
        }
      }
    }
  }
  return columns.map((column, n) => ({ sigma: Math.sqrt(dot(column, column)), column, row: turns[n] }))
    .sort((a, b) => b.sigma - a.sigma);
}

/** Count the singular values that are not zero, to rounding. */
export function rank(matrix) {
  const values = svd(matrix).map((term) => term.sigma);
  return values.filter((value) => value > 1e-9 * values[0]).length;
}

/** Write a term with the numbers that one would choose by hand: the largest of the row is 1, and the column has the rest. */
export function byHand({ column, row }) {
  const largest = row.reduce((most, value) => (Math.abs(value) > Math.abs(most) + 1e-9 ? value : most), 0);
  const sign = column.find((value) => Math.abs(value) > 1e-9) * largest < 0 ? -1 : 1;
  return { column: column.map((value) => value * largest * sign), row: row.map((value) => (value / largest) * sign) };
}

/** Add up the first terms. */
export function sumOf(matrix, terms) {
  const kept = svd(matrix).slice(0, terms);
  return matrix.map((line, i) => line.map((_, j) => kept.reduce((sum, { column, row }) => sum + column[i] * row[j], 0)));
}

/** How far the first terms are off, relative to the whole filter. */
export function offBy(matrix, terms) {
  const squares = svd(matrix).map((term) => term.sigma ** 2);
  const all = squares.reduce((sum, each) => sum + each, 0);
  return all ? Math.sqrt(squares.slice(terms).reduce((sum, each) => sum + each, 0) / all) : 0;
}

const MARKUP = `
  <div class="terms-top">
    <table class="moving-grid moving-edit" data-part="kernel"><caption>Filter w</caption><tbody></tbody></table>
    <div class="terms-side">
      <div class="moving-bar"><label>Filter <select data-set="preset"></select></label></div>
      <p class="moving-name">How many terms does it need?</p>
      <div class="moving-bar">
        ${[1, 2, 3].map((n) => `<button type="button" data-guess="${n}">${n}</button>`).join("")}
        <button type="button" data-do="show">Show it</button></div>
    </div>
  </div>
  <div class="terms-sum" data-part="terms"></div>
  <div class="moving-result terms-result" role="status" aria-live="polite"></div>`;

const written = (value) => String(Math.round(value * 100) / 100 + 0).replace("-", "−");
const level = (value, most) =>
  (Math.abs(value) < 1e-9 ? 0 : Math.sign(value) * Math.min(3, Math.ceil(3 * (Math.abs(value) / most))));
const percent = (share) => `${(100 * share).toFixed(1).replace(".0", "")} %`;

/** Draw a term as its own product: the row on top, the column at the left, and what they make between them. */
function productTable({ sigma, column, row }, n, largest, strongest) {
  const hand = byHand({ column, row });
  const head = hand.row.map((value) => `<td>${written(value)}</td>`).join("");
  const lines = hand.column.map((value, i) => `<tr><td class="terms-edge">${written(value)}</td>${hand.row.map((each) =>
    `<td data-level="${level(value * each, largest)}">${written(value * each)}</td>`).join("")}</tr>`).join("");
  return `<div class="terms-term"><table class="moving-grid"><caption>σ<sub>${n + 1}</sub> = ${written(sigma)}</caption>`
    + `<tbody><tr class="terms-edge"><td>×</td>${head}</tr>${lines}</tbody></table>`
    + `<svg viewBox="0 0 100 8" role="img" aria-label="Singular value ${n + 1} is ${percent(sigma / strongest)} of the first">`
    + `<rect class="terms-scale" width="100" height="8" rx="2"/>`
    + `<rect class="terms-bar" width="${(100 * sigma) / strongest}" height="8" rx="2"/></svg></div>`;
}

/** Hold the place of a term: one that is not shown yet, or one that is zero. */
const holder = (mark, n, words) => `<div class="terms-term terms-none"><table class="moving-grid"><caption>σ<sub>${n + 1}</sub>`
  + ` ${words}</caption><tbody>${`<tr>${`<td>${mark}</td>`.repeat(SIZE + 1)}</tr>`.repeat(SIZE + 1)}</tbody></table>`
  + '<svg viewBox="0 0 100 8" aria-hidden="true"><rect class="terms-scale" width="100" height="8" rx="2"/></svg></div>';

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const preset = el.querySelector("[data-set=preset]");
  const presets = model.get("presets");
  let open = false; // whether the terms are shown
  preset.innerHTML = [...Object.keys(presets), "my own"].map((name) => `<option>${name}</option>`).join("");
  const field = (i, j) => `<td><input type="number" step="any" min="-9" max="9" data-weight="${i},${j}"`
    + ` aria-label="Filter, row ${i}, column ${j}"></td>`;
  part("kernel").tBodies[0].innerHTML = model.get("kernel").map((row, i) =>
    `<tr>${row.map((_, j) => field(i, j)).join("")}</tr>`).join("");

  function draw() {
    const kernel = model.get("kernel");
    const found = svd(kernel);
    const count = rank(kernel);
    const largest = Math.max(...kernel.flat().map(Math.abs));
    preset.value = model.get("preset");
    for (const field of part("kernel").querySelectorAll("input")) {
      const [i, j] = field.dataset.weight.split(",").map(Number);
      field.parentElement.dataset.level = level(kernel[i][j], largest);
      if (field !== document.activeElement) field.value = kernel[i][j];
    }
    const cells = found.map((term, n) => {
      if (!open) return holder("?", n, "= ?");
      return n < count ? productTable(term, n, largest, found[0].sigma) : holder("0", n, "= 0");
    });
    part("terms").innerHTML = cells.map((cell, n) =>
      `<div class="terms-one"><span class="terms-sign">${n ? "+" : "="}</span>${cell}</div>`).join("");
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  /** Say what was found: the rank, what two thin passes cost, and how close one term comes. */
  function answer(guess) {
    const kernel = model.get("kernel");
    const count = rank(kernel);
    open = true;
    draw();
    if (!count) {
      say("", "All weights are 0: nothing to decompose, rank 0.");
      return;
    }
    const verdict = guess === undefined ? "" : guess === count ? "right" : "wrong";
    const before = { right: "Right: r", wrong: "Not quite: r", "": "R" }[verdict];
    const several = `${count} product${count > 1 ? "s" : ""} of a column and a row`;
    const cost = `Thin passes take ${count} · (3 + 3) = ${6 * count} products at a pixel,`
      + " the whole filter 3\u00a0·\u00a03\u00a0=\u00a09";
    const error = offBy(kernel, 1);
    say(verdict, `${before}ank <strong>${count}</strong>, ${several}.`,
      `${cost}: ${count === 1 ? "a third is saved." : "that does not pay."}`,
      count === 1 ? "The first term is the whole filter: it is separable."
        : `The nearest separable filter, the first term, is off by <strong>${percent(error)}</strong>.`);
  }

  function hide() {
    open = false;
    draw();
    say("", "A term is a column times a row. Is every row of this filter a multiple of one row? Predict, then look.");
  }

  el.addEventListener("input", ({ target }) => {
    if (target === preset && presets[preset.value]) {
      model.set({ preset: preset.value, kernel: presets[preset.value] });
      hide();
    } else if (target.dataset.weight && target.value !== "" && target.checkValidity()) {
      const [i, j] = target.dataset.weight.split(",").map(Number);
      const kernel = model.get("kernel").map((row) => [...row]);
      kernel[i][j] = target.valueAsNumber;
      model.set({ kernel, preset: "my own" });
      answer();
    }
  });
  el.addEventListener("focusout", ({ target }) => {
    if (!target.dataset.weight) return;
    const [i, j] = target.dataset.weight.split(",").map(Number);
    target.value = model.get("kernel")[i][j]; // the last possible number stays
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.guess) answer(Number(target.dataset.guess));
    if (target.dataset.do === "show") answer();
  });
  hide();
}

export default { render };
