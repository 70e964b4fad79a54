/* Three scores and two losses: what each costs, and where each pulls every score; some moves one of them does not feel. */

export function probabilities(s) {
  const powers = s.map((each) => Math.exp(each - Math.max(...s)));
  return powers.map((each) => each / powers.reduce((sum, power) => sum + power));
}

export function softmaxLoss(s, y) {
  const most = Math.max(...s);
  return most + Math.log(s.reduce((sum, each) => sum + Math.exp(each - most), 0)) - s[y];
}

export function softmaxSlopes(s, y) {
  return probabilities(s).map((p, k) => p - Number(k === y));
}

/** Return what each wrong class lacks to the margin of 1 behind the right one; the right class is not compared with itself. */
export function margins(s, y) {
  return s.map((each, k) => (k === y ? 0 : Math.max(0, each - s[y] + 1)));
}

export function hingeLoss(s, y) {
  return margins(s, y).reduce((sum, each) => sum + each);
}

export function hingeSlopes(s, y) {
  const violated = margins(s, y).map((each) => Number(each > 0));
  return violated.map((each, k) => (k === y ? -violated.reduce((sum, one) => sum + one) : each));
}

/** Carry out a move of the scores; a step goes against the slopes of a loss, with the rate 0.5. */
export function moved(s, y, move) {
  const rivals = s.filter((_, k) => k !== y);
  const last = s.findIndex((each, k) => k !== y && each === Math.min(...rivals));
  return {
    add: () => s.map((each) => each + 1),
    double: () => s.map((each) => 2 * each),
    halve: () => s.map((each) => each / 2),
    raise: () => s.map((each, k) => each + Number(k === y)),
    lower: () => s.map((each, k) => each - Number(k === last)),
    softmax: () => s.map((each, k) => each - 0.5 * softmaxSlopes(s, y)[k]),
    hinge: () => s.map((each, k) => each - 0.5 * hingeSlopes(s, y)[k]),
  }[move]();
}

/** Say which losses a move has changed. */
export function changed(s, after, y) {
  const [softmax, hinge] = [softmaxLoss, hingeLoss].map((loss) => Math.abs(loss(s, y) - loss(after, y)) > 1e-9);
  return softmax && hinge ? "both" : softmax ? "softmax" : hinge ? "hinge" : "neither";
}

const MOST = 8; // the picture ends at plus and minus this score
const MOVES = {
  add: "add 1 to every score", double: "double every score", halve: "halve every score", raise: "raise the right score by 1",
  lower: "lower the last rival by 1", softmax: "follow the softmax arrows", hinge: "follow the hinge arrows",
};
const ANSWERS = { neither: "neither loss", softmax: "only softmax", hinge: "only the hinge", both: "both losses" };
const options = (names) => Object.entries(names).map(([value, name]) => `<option value="${value}">${name}</option>`).join("");
const MARKUP = `
  <div class="losses-controls">${[0, 1, 2].map((k) => `<label><span>Score s<sub>${k}</sub></span>
    <output data-part="s${k}"></output>
    <input type="range" min="${-MOST}" max="${MOST}" step="0.25" data-score="${k}"></label>`).join("")}
    <label><span>Right class y</span>
      <select data-set="y"><option>0</option><option>1</option><option>2</option></select></label></div>
  <div class="losses-lanes">
    <div><p class="moving-name">Softmax loss: every score is pulled</p><div data-part="softmax"></div></div>
    <div><p class="moving-name">Hinge loss: only the shaded zone counts</p><div data-part="hinge"></div></div></div>
  <div data-part="table"></div>
  <p class="moving-sum" data-part="softmax-sum"></p><p class="moving-sum" data-part="hinge-sum"></p>
  <form class="moving-bar"><label>To <select data-part="move">${options(MOVES)}</select></label>
    <label>changes <select data-part="answer">${options(ANSWERS)}</select></label>
    <button type="submit" class="moving-main">Do it</button></form>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const written = (value, digits = 3) => String(Number(value.toFixed(digits)) + 0).replace("-", "−");
const across = (score) => 50 + (35 / MOST) * score;
const level = (value) => (Math.abs(value) < 0.0005 ? 0 : Math.sign(value) * Math.min(3, Math.ceil(Math.abs(value) * 2)));

/** Draw the scores on three rows, with an arrow against each slope; `zone` is where the hinge begins to charge. */
function lane(s, y, slopes, name, zone) {
  const ticks = [-8, -4, 0, 4, 8].map((tick) => `<path class="losses-axis" d="M${across(tick)} 29v1.6"/>`
    + `<text class="losses-tick" x="${across(tick)}" y="34">${written(tick)}</text>`);
  const rows = s.map((score, k) => {
    const [x, height, force] = [across(score), 5 + 9.5 * k, -11 * slopes[k]];
    const head = Math.sign(force) * Math.min(1.8, Math.abs(force));
    const length = (Math.sign(force) * 3.3 + force).toFixed(2); // from the rim of the mark
    const arrow = Math.abs(force) < 0.1 ? "" : `<path class="losses-arrow" d="M${x} ${height}h${length}`
      + `m${-head} -1.8l${head} 1.8l${-head} 1.8"/>`;
    return `<path class="losses-axis" d="M5 ${height}h90"/>${arrow}<g class="${k === y ? "losses-right" : ""}"`
      + ` transform="translate(${x.toFixed(2)} ${height})"><circle r="3.3"/><text y="0.3">${k}</text></g>`;
  });
  const band = zone === undefined ? ""
    : `<rect class="losses-zone" x="${across(zone)}" y="0" width="${Math.max(0, 100 - across(zone))}" height="29"/>`;
  const words = `${name}: ${s.map((score, k) => `class ${k}${k === y ? ", the right one," : ""} at ${written(score)} is pulled`
    + ` by ${written(-slopes[k])}`).join("; ")}${zone === undefined ? "" : `; the zone begins at ${written(zone)}`}`;
  return `<svg viewBox="0 0 100 36.5" role="img" aria-label="${words}">${band}${ticks.join("")}${rows.join("")}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);

  function draw() {
    const [s, y] = [model.get("scores"), model.get("y")];
    const [p, soft, m, hinge] = [probabilities(s), softmaxSlopes(s, y), margins(s, y), hingeSlopes(s, y)];
    el.querySelectorAll("[data-score]").forEach((slider, k) => {
      slider.value = s[k];
      part(`s${k}`).textContent = written(s[k], 2);
    });
    el.querySelector('[data-set="y"]').value = y;
    part("softmax").innerHTML = lane(s, y, soft, "Softmax");
    part("hinge").innerHTML = lane(s, y, hinge, "Hinge", s[y] - 1);
    const cell = (value) => `<td>${written(value)}</td>`;
    const slope = (value) => `<td class="losses-number" data-level="${level(value)}">${written(value)}</td>`;
    const head = ["Class", "s", "p", "softmax δ", "m", "hinge δ"].map((name) => `<th scope="col">${name}</th>`).join("");
    const rows = s.map((score, k) => `<tr><th scope="row">${k}${k === y ? " = y" : ""}</th>${cell(score)}${cell(p[k])}`
      + `${slope(soft[k])}${k === y ? "<td>–</td>" : cell(m[k])}${slope(hinge[k])}</tr>`);
    part("table").innerHTML = `<table class="moving-table"><caption>What each loss sees; δ is its slope by the score</caption>`
      + `<thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
    const short = s.map((each) => written(each, 2));
    const minus = s[y] < 0 ? `+ ${written(-s[y], 2)}` : `− ${short[y]}`;
    const powers = short.map((each) => `e^${each}`).join(" + ");
    const missing = short.filter((_, k) => k !== y).map((each) => `max(0, ${each} ${minus} + 1)`).join(" + ");
    part("softmax-sum").textContent = `softmax: log(${powers}) ${minus} = ${written(softmaxLoss(s, y))}`;
    part("hinge-sum").textContent = `hinge: ${missing} = ${written(hingeLoss(s, y))}`;
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function describe() {
    const [s, y] = [model.get("scores"), model.get("y")];
    const lead = s[y] - Math.max(...s.filter((_, k) => k !== y));
    say("", hingeLoss(s, y) === 0
      ? `Class ${y} leads by ${written(lead, 2)}: the hinge is done, with no arrow left.`
        + ` Softmax still costs ${written(softmaxLoss(s, y))}, and pulls.`
      : `Class ${y} ${lead < 0 ? `lags by ${written(-lead, 2)}` : `leads by only ${written(lead, 2)}`}: both losses pull.`
        + " The hinge pulls whatever is in its zone with the same force, near or far.",
    "Choose a move, predict which loss it changes, and do it.");
  }

  function act() {
    const [s, y, move] = [model.get("scores"), model.get("y"), part("move").value];
    const after = moved(s, y, move);
    if (after.some((each) => Math.abs(each) > MOST)) {
      say("wrong", `A score would leave the picture, which ends at ±${MOST}. Halve the scores or move a slider first.`);
      return;
    }
    const truth = changed(s, after, y);
    model.set("scores", after);
    draw();
    const why = {
      neither: ["add", "halve", "double"].includes(move) ? "Only differences of scores count, and here none has changed."
        : "No margin is violated, so there was no arrow to follow: nothing has moved.",
      softmax: hingeLoss(s, y) === 0 && hingeLoss(after, y) === 0
        ? "Every lead is at least 1, before and after: the hinge is content. Softmax never is."
        : "The hinge counts only who is in its zone, and by how much. Softmax feels every score.",
      both: "A margin is or was violated, so the hinge feels the move; softmax feels each difference anyway.",
      hinge: "Only the hinge has changed.",
    }[truth];
    const losses = [softmaxLoss, hingeLoss].map((loss) => `${written(loss(s, y))} → ${written(loss(after, y))}`);
    const hit = part("answer").value === truth;
    say(hit ? "right" : "wrong", `${hit ? "Right" : "Not quite"}: <strong>${ANSWERS[truth]}</strong> changed.`
      + ` Softmax ${losses[0]}, hinge ${losses[1]}.`, why);
  }

  el.addEventListener("input", ({ target }) => {
    const k = Number(target.dataset.score);
    if (target.dataset.score) model.set("scores", model.get("scores").map((each, j) => (j === k ? target.valueAsNumber : each)));
    else if (target.dataset.set === "y") model.set("y", Number(target.value));
    else return;
    draw();
    describe();
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
  draw();
  describe();
}

export default { render };
