/* Two ways to use a trained network, compared on the same recorded draws: predict which one wins, then see every draw. */

/** Name a way as the study does: B from scratch, A3B with three frozen layers of A, A3B+ with the same trained on. */
export function nameOf({ source, layers, tuned }) {
  return source === "scratch" ? "B" : `${source}${layers}B${tuned ? "+" : ""}`;
}

/** Subtract the first way's accuracies from the second's, draw by draw, in points. */
export function differences(first, second) {
  return first.map((value, draw) => Math.round(1000 * (second[draw] - value)) / 10);
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Call a winner only where all draws agree and the mean is beyond a point, the standard error of the test. */
export function winner(first, second) {
  const found = differences(first, second);
  if (Math.abs(mean(found)) <= 1) return "neither";
  return found.every((each) => each > 0) ? "second" : found.every((each) => each < 0) ? "first" : "neither";
}

const SOURCES = { scratch: "nothing, start fresh", A: "A, the other five classes", B: "B, the same five classes" };
const SIDES = { first: "One way", second: "Another way" };
const ANSWERS = { first: "The one", neither: "Neither", second: "The other" };
const options = (entries) => entries.map(([value, name]) => `<option value="${value}">${name}</option>`).join("");
const MARKUP = `
  <div class="moving-blocks">${Object.entries(SIDES).map(([side, title]) => `
    <fieldset data-side="${side}"><legend>${title}</legend>
    <label>Copy from <select data-set="source">${options(Object.entries(SOURCES))}</select></label>
    <label>the first <select data-set="layers">${options([1, 2, 3, 4, 5, 6, 7].map((n) => [n, n]))}</select> layers, and</label>
    <label><select data-set="tuned" aria-label="What to do with the copied layers">
      ${options([["", "freeze them"], ["yes", "train them on"]])}</select></label></fieldset>`).join("")}</div>
  <div class="moving-bar" role="group" aria-label="Predict which way wins"><span>Which wins clearly?</span>
    ${Object.entries(ANSWERS).map(([answer, name]) => `<button type="button" data-guess="${answer}">${name}</button>`).join("")}
    <button type="button" data-do="show">Show it</button></div>
  <div data-part="draws"></div>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const percent = (value) => `${(100 * value).toFixed(1)}%`;
const signed = (points) => `${points > 0 ? "+" : points < 0 ? "−" : ""}${Math.abs(points).toFixed(1)}`;
const level = (points) => Math.sign(points) * (Math.abs(points) > 5 ? 3 : Math.abs(points) > 1 ? 2 : points ? 1 : 0);

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const nets = model.get("nets");
  const found = (side) => nets[nameOf(model.get(side))];
  let open = false; // whether the draws are shown

  function describe({ source, layers, tuned }) {
    if (source === "scratch") return "from scratch";
    return `${layers} of ${source}, ${tuned ? "trained on" : "frozen"}`;
  }

  function drawDuel() {
    for (const side of Object.keys(SIDES)) {
      const way = model.get(side);
      for (const control of el.querySelectorAll(`[data-side="${side}"] [data-set]`)) {
        const name = control.dataset.set;
        control.value = name === "tuned" ? (way.tuned ? "yes" : "") : way[name];
        control.disabled = name !== "source" && way.source === "scratch";
      }
    }
    const [first, second] = [found("first"), found("second")];
    const gaps = differences(first.accuracies, second.accuracies);
    const cell = (value) => `<td>${open ? value : "?"}</td>`;
    const gap = (value) => (open ? `<td data-level="${level(value)}">${signed(value)}</td>` : "<td>?</td>");
    const rows = gaps.map((each, draw) => `<tr><th scope="row">draw ${draw + 1}</th>${cell(percent(first.accuracies[draw]))}
      ${cell(percent(second.accuracies[draw]))}${gap(each)}</tr>`);
    part("draws").innerHTML = `<table class="moving-table duel"><caption>Test accuracy on five classes, 2,500 pictures</caption>
      <thead><tr><th scope="col">Draw</th><th scope="col">${describe(model.get("first"))}</th>
      <th scope="col">${describe(model.get("second"))}</th><th scope="col">points</th></tr></thead>
      <tbody>${rows.join("")}<tr class="duel-mean"><th scope="row">mean</th>${cell(percent(mean(first.accuracies)))}
      ${cell(percent(mean(second.accuracies)))}${cell(signed(mean(gaps)))}</tr>
      <tr><th scope="row">trains</th><td>${first.trained.toLocaleString("en-US")}</td>
      <td>${second.trained.toLocaleString("en-US")}</td><td>numbers</td></tr></tbody></table>`;
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function answer(guess) {
    const [first, second] = [found("first").accuracies, found("second").accuracies];
    const won = winner(first, second);
    const gaps = differences(first, second);
    const better = won === "neither" ? null : model.get(won);
    open = true;
    drawDuel();
    const before = guess === undefined ? "" : guess === won ? "Right. " : "Not so. ";
    const signs = gaps.filter((each) => each > 0).length;
    const outcome = better
      ? `<strong>${describe(better)}</strong> wins in all three draws, by ${Math.abs(mean(gaps)).toFixed(1)} points on average.`
      : `<strong>No clear winner</strong>: the second is ahead in ${signs} of three draws,`
        + ` by ${signed(mean(gaps))} points on average.`;
    const spread = Math.max(...first) - Math.min(...first);
    return say(guess === undefined ? "" : guess === won ? "right" : "wrong", before + outcome,
      `From draw to draw the first way alone moves by ${(100 * spread).toFixed(1)} points, since other classes are drawn:`
        + " compare within a row, never across.");
  }

  function ask() {
    open = false;
    drawDuel();
    say("", "A winner leads in all three draws, and by more than one point on average, the standard error of 500 test"
      + " pictures. Three coins agree one time in four: such a lead is a hint, no proof.", "Predict, and then see every draw.");
  }

  el.addEventListener("input", ({ target }) => {
    const { side } = target.closest("[data-side]").dataset;
    const name = target.dataset.set;
    const value = { source: target.value, layers: Number(target.value), tuned: target.value === "yes" }[name];
    const way = { ...model.get(side), [name]: value };
    if (nets[nameOf(way)]) {
      model.set(side, way);
      ask();
    } else {
      drawDuel(); // puts the last recorded way back
      say("wrong", "The study trained copies on only for 1, 4 and 7 layers. Choose one of these, or freeze them.",
        "The way stays as it was.");
    }
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.guess) answer(target.dataset.guess);
    if (target.dataset.do === "show") answer();
  });
  ask();
}

export default { render };
