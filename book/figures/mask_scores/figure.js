/* A mask painted over the truth: the table of pixels, pixel accuracy, the IoU of each class and their mean. */

/** Count the pixels of every class (row) by what they were called (column). */
export function confusion(truth, called, classes) {
  const counts = Array.from({ length: classes }, () => Array(classes).fill(0));
  truth.forEach((row, i) => row.forEach((is, j) => { counts[is][called[i][j]] += 1; }));
  return counts;
}

/** Read the measures off such a table; the IoU of a class that is neither there nor called so is null and left out. */
export function scores(counts) {
  const sum = (list) => list.reduce((total, each) => total + each, 0);
  const parts = counts.map((row, k) => {
    const union = sum(row) + sum(counts.map((each) => each[k])) - row[k];
    return { shared: row[k], union, iou: union ? row[k] / union : null };
  });
  const known = parts.map(({ iou }) => iou).filter((iou) => iou !== null);
  return { accuracy: sum(parts.map(({ shared }) => shared)) / sum(counts.map(sum)), parts, mean: sum(known) / known.length };
}

/** The truth with some pixels called ground: a whole class, the lowest row of a class, everything, or nothing. */
export function missed(truth, what, k) {
  const lowest = truth.findLastIndex((row) => row.includes(k));
  return truth.map((row, i) => row.map((is) =>
    (what === "all" || (what === "class" && is === k) || (what === "row" && is === k && i === lowest) ? 0 : is)));
}

const NAMES = ["ground", "pullover", "bag"];
const READY = [
  ["nothing", 0, "All right"], ["class", 2, "Miss the bag"],
  ["row", 1, "Miss a row of the pullover"], ["all", 0, "Call all ground"],
];
const MARKUP = `
  <div class="moving-bar">${READY.map(([, , label], n) =>
    `<button type="button" data-ready="${n}">${label}</button>`).join("")}</div>
  <div class="moving-bar" role="group" aria-label="Class to paint with"><span class="mask-name">Paint</span>
    ${NAMES.map((name, k) => `<label><input type="radio" name="mask-brush" value="${k}">
      <span class="mask-key" data-class="${k}"></span>${name}</label>`).join("")}</div>
  <div class="moving-row">
    <table class="mask-grid moving-small"><caption>Filled: called. Lines: what is there.</caption>
      <tbody data-part="grid"></tbody></table>
    <div class="moving-stack mask-side">
      <table class="moving-table mask-table"><caption>Pixels: is (rows), called (columns)</caption>
        <thead><tr>${["is", ...NAMES, "IoU"].map((name) => `<th scope="col">${name}</th>`).join("")}</tr></thead>
        <tbody data-part="table"></tbody></table>
      <div data-part="bars" class="mask-bars"></div>
    </div>
  </div>
  <div class="moving-result mask-result" role="status" aria-live="polite"></div>`;

const round = (value) => value.toFixed(2);
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

function render({ model, el }) {
  el.innerHTML = MARKUP.replaceAll("mask-brush\"", `mask-brush-${Math.random().toString(36).slice(2)}"`);
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const truth = model.get("truth");
  const [high, wide] = [truth.length, truth[0].length];
  const measure = (called) => scores(confusion(truth, called, NAMES.length));
  let before = null; // the measures before the last change

  /** Build the grid once, so that the pixel in focus keeps it; its lines stand where the true class changes. */
  function buildGrid() {
    const differs = (i, j, m, n) => truth[i][j] !== (truth[m]?.[n] ?? 0);
    part("grid").innerHTML = truth.map((row, i) => `<tr>${row.map((_, j) => {
      const lines = [["top", i - 1, j], ["left", i, j - 1], ["low", i + 1, j], ["right", i, j + 1]]
        .filter(([, m, n]) => differs(i, j, m, n) && truth[i][j]).map(([side]) => `mask-${side}`).join(" ");
      return `<td class="${lines}"><button type="button" data-at="${i},${j}" tabindex="${i || j ? -1 : 0}"></button></td>`;
    }).join("")}</tr>`).join("");
  }

  function bars(now) {
    const rows = [["pixel accuracy", now.accuracy, "accuracy"], ["mean IoU", now.mean, "mean"]];
    return rows.map(([name, value, key]) => `<p class="moving-name">${name} <strong>${round(value)}</strong></p>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="${name} ${round(value)}">
        <rect class="mask-whole" width="100" height="6"/><rect class="mask-part" width="${100 * value}" height="6"/>
        ${before ? `<rect class="mask-before" x="${Math.min(100 * before[key], 99.4)}" width="0.6" height="6"/>` : ""}
      </svg>`).join("");
  }

  function remark(now, pixels) {
    if (!before) {
      return "Missing the bag or the pullover's lowest row: 4 pixels each. Which costs more accuracy, which more mean IoU?";
    }
    if (now.accuracy === 1) return "Nothing is wrong: the only mask with accuracy 1, and the only one with a mean IoU of 1.";
    const [accuracy, mean] = [now.accuracy - before.accuracy, now.mean - before.mean];
    const which = pixels === 1 ? "That pixel" : `Those ${pixels} pixels`;
    const change = `${which}: accuracy ${signed(accuracy)}, mean IoU ${signed(mean)}.`;
    const gone = NAMES.map((_, k) => k).filter((k) => k && !now.parts[k].shared);
    if (gone.length === 2) {
      return `${change} <strong>No garment is found, and ${Math.round(100 * now.accuracy)}% of the pixels are right.</strong>`;
    }
    if (gone.length) {
      const count = truth.flat().filter((is) => is === gone[0]).length;
      return `${change} <strong>The ${NAMES[gone[0]]} is gone: ${count} pixels of a hundred, but one of three classes.</strong>`;
    }
    const times = `<strong>Mean IoU moved ${(mean / accuracy).toFixed(1)} times as far.</strong>`;
    return Math.abs(accuracy) > 1e-9 ? `${change} ${times}` : change;
  }

  function draw(pixels = 0) {
    const called = model.get("called");
    const counts = confusion(truth, called, NAMES.length);
    const now = scores(counts);
    for (const pixel of el.querySelectorAll("[data-at]")) {
      const [i, j] = pixel.dataset.at.split(",").map(Number);
      const [is, said] = [truth[i][j], called[i][j]];
      pixel.dataset.class = said;
      pixel.textContent = is === said ? "" : "×";
      pixel.setAttribute("aria-label", `Row ${i}, column ${j}: is ${NAMES[is]}, called ${NAMES[said]}`);
    }
    for (const each of el.querySelectorAll("[type=radio]")) each.checked = Number(each.value) === model.get("brush");
    part("table").innerHTML = counts.map((row, k) => `<tr><th scope="row">${NAMES[k]}</th>${row.map((count, n) =>
      `<td${n === k ? ' class="mask-own"' : count ? ' class="mask-off"' : ""}>${count}</td>`).join("")}
      <td>${now.parts[k].shared}/${now.parts[k].union}</td></tr>`).join("");
    part("bars").innerHTML = bars(now);
    const right = now.parts.map(({ shared }) => shared).join(" + ");
    el.querySelector(".moving-result").innerHTML = `<p class="moving-sum">
      accuracy (${right})/${high * wide} = ${round(now.accuracy)},
      mean IoU (${now.parts.map(({ iou }) => round(iou)).join(" + ")})/3 = ${round(now.mean)}</p><p>${remark(now, pixels)}</p>`;
  }

  /** Take another mask, and say what the pixels that differ from an old one have changed. */
  function change(called, old = model.get("called")) {
    const pixels = called.flat().filter((each, n) => each !== old.flat()[n]).length;
    if (!pixels && old !== truth) return;
    before = measure(old);
    model.set("called", called);
    draw(pixels);
  }

  function paint(pixel, brush = model.get("brush")) {
    const [i, j] = pixel.dataset.at.split(",").map(Number);
    change(model.get("called").map((row, m) => row.map((said, n) => (m === i && n === j ? brush : said))));
  }

  el.addEventListener("input", ({ target }) => {
    if (target.type === "radio") model.set("brush", Number(target.value));
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.ready) {
      const [what, k] = READY[Number(target.dataset.ready)];
      change(missed(truth, what, k), truth);
    }
    if (target.dataset.at) paint(target); // by keyboard; a pointer has painted already when it came down
  });
  const grid = part("grid");
  grid.addEventListener("keydown", (event) => {
    const [i, j] = event.target.dataset.at.split(",").map(Number);
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (event.key in NAMES) paint(event.target, Number(event.key));
    const next = step && el.querySelector(`[data-at="${i + step[0]},${j + step[1]}"]`);
    if (!step) return;
    event.preventDefault();
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  grid.addEventListener("pointerdown", (event) => {
    if (!event.target.dataset.at) return;
    event.target.releasePointerCapture?.(event.pointerId); // a finger would hold on to its first pixel
    paint(event.target);
  });
  grid.addEventListener("pointerover", (event) => {
    if (event.buttons && event.target.dataset.at) paint(event.target);
  });
  buildGrid();
  draw();
}

export default { render };
