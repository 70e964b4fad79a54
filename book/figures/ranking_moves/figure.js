/* Two rankings of the same gallery. The reader moves right answers; precision at every place, and its mean at right answers. */

export function precisions(right) {
  let found = 0;
  return right.map((each, n) => (found += each) / (n + 1));
}

export function averagePrecision(right) {
  const all = precisions(right).filter((_, n) => right[n]);
  return all.reduce((sum, each) => sum + each, 0) / all.length;
}

/** The worst and the best ranking that have as many right answers on the first page, and as many in all. */
export function extremes(right, page) {
  const parts = [right.slice(0, page), right.slice(page)];
  const sorted = (order) => parts.flatMap((part) => [...part].sort(order));
  return [sorted((one, other) => one - other), sorted((one, other) => other - one)];
}

/** Exchange the answers at two places. */
export function exchanged(right, one, other) {
  return right.map((each, n) => (n === one ? right[other] : n === other ? right[one] : each));
}

const NAMES = ["A", "B"];
const block = (name) => `<div class="rank-block">
    <p class="moving-name">${name}: <span data-part="sum-${name}"></span></p>
    <div data-part="bars-${name}"></div>
    <div class="rank-answers" role="group" aria-label="Ranking ${name}" data-part="answers-${name}"></div>
  </div>`;
const MARKUP = `
  <div class="moving-bar">
    <label class="moving-slider">First page, k
      <input type="range" min="1" max="9" data-set="page"> <output data-part="page"></output></label>
    <button type="button" data-do="worst">B at its worst</button>
    <button type="button" data-do="best">B at its best</button>
  </div>
  ${NAMES.map(block).join("")}
  <div class="moving-result rank-result" role="status" aria-live="polite"></div>`;

const written = (value) => String(Math.round(value * 1000) / 1000 + 0);
const kind = (each) => (each ? "right" : "wrong");

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  let picked = null; // the name of a ranking and a place, of an answer that was chosen to be moved

  /** Draw a bar for the precision at each place, filled where the answer is right, with the mean of those as a line. */
  function bars(name, right, page) {
    const [found, mean] = [precisions(right), averagePrecision(right)];
    const drawn = found.map((value, n) => `<rect class="${right[n] ? "rank-right" : "rank-wrong"}" x="${n + 0.12}"`
      + ` y="${2.2 - 2 * value}" width="0.76" height="${2 * value}"/>`);
    const words = `Ranking ${name}, precision at places 1 to ${right.length}: ${found.map(written).join(", ")};`
      + ` average precision ${written(mean)}`;
    return `<svg viewBox="0 0 ${right.length} 2.25" role="img" aria-label="${words}">${drawn.join("")}`
      + `<line class="rank-mean" x1="0" x2="${right.length}" y1="${2.2 - 2 * mean}" y2="${2.2 - 2 * mean}"/>`
      + `<line class="rank-page" x1="${page}" x2="${page}" y1="0" y2="2.25"/></svg>`;
  }

  function draw() {
    const page = model.get("page");
    el.querySelector('[data-set="page"]').value = page;
    part("page").textContent = `${page} of ${model.get("A").length}`;
    const focused = document.activeElement?.dataset?.rank ? { ...document.activeElement.dataset } : null;
    for (const name of NAMES) {
      const right = model.get(name);
      const terms = precisions(right).flatMap((value, n) => (right[n] ? [`${Math.round(value * (n + 1))}/${n + 1}`] : []));
      part(`sum-${name}`).textContent = `AP = (${terms.join(" + ")}) / ${terms.length} = ${written(averagePrecision(right))}`;
      part(`bars-${name}`).innerHTML = bars(name, right, page);
      part(`answers-${name}`).innerHTML = right.map((each, n) => `<button type="button" data-rank="${name}" data-place="${n}"`
        + ` class="rank-${kind(each)}${n === page - 1 ? " rank-last" : ""}"`
        + ` aria-pressed="${picked?.rank === name && picked.place === n}"`
        + ` aria-label="Ranking ${name}, place ${n + 1}: ${kind(each)}">${each ? "✓" : "✗"}</button>`).join("");
    }
    if (focused) focus(focused.rank, focused.place);
    say();
  }

  function focus(rank, place) {
    el.querySelector(`[data-rank="${rank}"][data-place="${place}"]`).focus();
  }

  /** Which ranking the first page prefers, and which the average precision does. */
  function verdict(byPage, byMean) {
    if (!byPage && !byMean) return "Neither measure tells them apart.";
    if (!byPage) return "The first page cannot tell them apart, average precision can.";
    const name = (difference) => `<strong>${difference > 0 ? "A" : "B"}</strong>`;
    if (!byMean) return `The first page prefers ${name(byPage)}, average precision neither.`;
    return byPage === byMean ? `Both measures prefer ${name(byPage)}.`
      : `They contradict each other: the first page prefers ${name(byPage)}, average precision ${name(byMean)}.`;
  }

  function say() {
    const page = model.get("page");
    const rankings = NAMES.map((name) => model.get(name));
    const [[pa, pb], [va, vb]] = [rankings.map((right) => precisions(right)[page - 1]), rankings.map(averagePrecision)];
    const [low, high] = extremes(rankings[1], page).map(averagePrecision);
    el.querySelector(".moving-result").innerHTML = [
      `Precision at ${page}: ${written(pa)} for A, ${written(pb)} for B. Average precision: ${written(va)} and ${written(vb)}.`,
      verdict(Math.sign(pa - pb), Math.sign(va - vb)),
      `With ${Math.round(pb * page)} of ${page} right on the first page, as in B, AP lies between`
        + ` <strong>${written(low)}</strong> and <strong>${written(high)}</strong>.`,
    ].map((line) => `<p>${line}</p>`).join("");
  }

  function move(rank, from, to) {
    picked = null;
    model.set(rank, exchanged(model.get(rank), from, to));
    draw();
    focus(rank, to);
  }

  function pick(rank, place) {
    if (picked?.rank === rank && picked.place !== place) move(rank, picked.place, place);
    else {
      picked = picked?.rank === rank ? null : { rank, place };
      draw();
    }
  }

  el.addEventListener("keydown", (event) => {
    const { rank, place } = event.target.dataset;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!rank || !step) return;
    event.preventDefault();
    const to = Number(place) + step;
    if (to >= 0 && to < model.get(rank).length) move(rank, Number(place), to);
  });
  el.addEventListener("input", ({ target }) => {
    if (target.dataset.set) model.set("page", Number(target.value));
    draw();
  });
  el.addEventListener("click", ({ target }) => {
    const { rank, place } = target.dataset;
    if (rank) pick(rank, Number(place));
    const found = extremes(model.get("A"), model.get("page"))[["worst", "best"].indexOf(target.dataset.do)];
    if (found) {
      model.set("B", found);
      picked = null;
      draw();
    }
  });
  draw();
}

export default { render };
