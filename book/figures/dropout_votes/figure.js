/* Four hidden units with dropout: all sixteen subnetworks vote, and the scaled network answers once. */

/** List all masks of n units, 0 dropped and 1 kept, each with its probability when a unit is dropped with probability p. */
export function masks(count, p) {
  return Array.from({ length: 2 ** count }, (_, code) => {
    const kept = Array.from({ length: count }, (_, n) => (code >> (count - 1 - n)) & 1);
    return { kept, chance: kept.reduce((product, each) => product * (each ? 1 - p : p), 1) };
  });
}

/** The score of one subnetwork: what is kept is divided by 1 - p. */
export function score({ h, w, b, p }, kept) {
  return kept.reduce((sum, each, n) => sum + (each ? (h[n] * w[n]) / (1 - p) : 0), b);
}

/** What stands behind the dropout: an affine layer alone, or softmax of the scores s and 0 of two classes, or a ReLU. */
export function rest(kind, s) {
  return { affine: s, softmax: 1 / (1 + Math.exp(-s)), relu: Math.max(0, s) }[kind];
}

/** Let all subnetworks answer, and compare their means with the one answer of the scaled network, whose mask is all ones. */
export function votes(net, kind) {
  const all = masks(net.h.length, net.p).map(({ kept, chance }) => ({ kept, chance, answer: rest(kind, score(net, kept)) }));
  const mean = (of) => all.reduce((sum, each) => sum + each.chance * of(each.answer), 0);
  const scaled = rest(kind, score({ ...net, p: 0 }, net.h.map(() => 1)));
  if (kind !== "softmax") return { all, scaled, mean: mean((answer) => answer) };
  const [yes, no] = [Math.exp(mean(Math.log)), Math.exp(mean((answer) => Math.log1p(-answer)))];
  return { all, scaled, mean: mean((answer) => answer), geometric: yes / (yes + no) };
}

/** Compare with the precision that is shown. */
export function relation(mean, scaled) {
  return Math.abs(mean - scaled) < 0.0005 ? "equal" : mean < scaled ? "lower" : "higher";
}

const KINDS = [["affine", "affine: a score"], ["softmax", "affine, softmax"], ["relu", "affine, ReLU"]];
const MARKUP = `
  <div class="moving-bar">
    <label>Behind the dropout <select data-set="kind">${KINDS.map(([value, label]) =>
      `<option value="${value}">${label}</option>`).join("")}</select></label>
    <label class="moving-slider">p <input type="range" min="0.1" max="0.9" step="0.05" data-set="p">
      <output data-part="p"></output></label>
  </div>
  <div class="votes-units" data-part="units"></div>
  <div class="moving-bar votes-ask"><span>Mean of all 16, against the scaled network:</span>
    ${["lower", "equal", "higher"].map((each) => `<button type="button" data-guess="${each}">${each}</button>`).join("")}
    <button type="button" data-do="show">Show it</button></div>
  <div data-part="picture"></div>
  <div class="moving-result votes-result" role="status" aria-live="polite"></div>`;

const NAMES = { affine: "score", softmax: "probability", relu: "output" };
const written = (value, digits = 2) => String(Number(value.toFixed(digits)) + 0).replace("-", "−");
const bracket = (value) => (value < 0 ? `(${written(value)})` : written(value));

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const control = (name) => el.querySelector(`[data-set="${name}"]`);
  const net = () => ({ h: model.get("h"), w: model.get("w"), b: model.get("b"), p: model.get("p") });
  let open = false; // whether the means are shown
  part("units").innerHTML = model.get("h").map((value, n) => `<fieldset><legend>Unit ${n + 1}: h = ${written(value)}</legend>
    <label>w <input type="number" step="0.5" min="-9" max="9" data-weight="${n}" aria-label="Weight of unit ${n + 1}"></label>
    <label><input type="checkbox" data-keep="${n}" aria-label="Keep unit ${n + 1}"> keep</label></fieldset>`).join("");

  /** Draw the answers on a line of numbers, as discs whose areas are the probabilities of the masks, and the means below. */
  function picture({ all, scaled, mean, geometric }, kept, kind) {
    const values = all.map((each) => each.answer);
    const [low, high] = kind === "softmax" ? [0, 1] : [Math.min(0, ...values), Math.max(1, ...values)];
    const across = (value) => 5 + (90 * (value - low)) / (high - low);
    const step = kind === "softmax" ? 0.25 : [1, 2, 5, 10, 20, 50, 100].find((each) => (high - low) / each <= 6) ?? 200;
    const first = Math.ceil(low / step);
    const ticks = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, n) => (first + n) * step);
    const axis = `<line class="votes-axis" x1="2" x2="98" y1="27" y2="27"/>` + ticks.map((tick) =>
      `<line class="votes-axis" x1="${across(tick)}" x2="${across(tick)}" y1="27" y2="28.4"/>`
      + `<text x="${across(tick)}" y="32.6">${written(tick)}</text>`).join("");
    const taken = []; // discs near each other are stacked
    const discs = [...all].sort((a, b) => a.answer - b.answer).map((each) => {
      const x = across(each.answer);
      const row = taken.filter((other) => Math.abs(other - x) < 3.4).length;
      taken.push(x);
      const here = each.kept.join() === kept.join();
      return `<circle class="${here ? "votes-here" : "votes-disc"}" cx="${x}" cy="${24.4 - Math.min(row, 6) * 3.5}"`
        + ` r="${Math.max(0.7, Math.min(3.4, 6.8 * Math.sqrt(each.chance)))}"/>`;
    });
    const mark = (value, kind, y) => `<path class="votes-${kind}" d="M${across(value)} ${y}l2.1 3.7h-4.2z"/>`;
    const marks = open ? [["mean", mean, 34.5], ...(geometric === undefined ? [] : [["geometric", geometric, 39]]),
      ["scaled", scaled, 43.5]] : [];
    const words = `The answers of 16 subnetworks on a line of numbers, from ${written(Math.min(...values))} to`
      + ` ${written(Math.max(...values))}${marks.map(([name, value]) => `; ${name} ${written(value, 3)}`).join("")}`;
    return `<svg class="votes-picture" viewBox="0 0 100 48.5" role="img" aria-label="${words}">${axis}${discs.join("")}`
      + `${marks.map(([name, value, y]) => mark(value, name, y)).join("")}</svg>`
      + `<ul class="votes-key">${[["mean", "mean of the 16", mean], ["geometric", "geometric mean", geometric],
        ["scaled", "scaled network", scaled]].filter(([, , value]) => value !== undefined).map(([name, label, value]) =>
        `<li><svg viewBox="0 0 10 10" aria-hidden="true"><path class="votes-${name}" d="M5 1l4 8h-8z"/></svg>`
        + ` ${label} <strong>${open ? written(value, 3) : "?"}</strong></li>`).join("")}</ul>`;
  }

  function draw() {
    const [now, kind, kept] = [net(), model.get("kind"), model.get("kept")];
    control("kind").value = kind;
    control("p").value = now.p;
    part("p").textContent = written(now.p);
    for (const field of el.querySelectorAll("[data-weight]")) {
      if (field !== document.activeElement) field.value = now.w[field.dataset.weight];
    }
    for (const box of el.querySelectorAll("[data-keep]")) box.checked = kept[box.dataset.keep] === 1;
    const found = votes(now, kind);
    part("picture").innerHTML = picture(found, kept, kind);
    return found;
  }

  /** Work out the chosen subnetwork, marked in the picture. */
  function one() {
    const [now, kind, kept] = [net(), model.get("kind"), model.get("kept")];
    const { chance } = masks(kept.length, now.p).find((each) => each.kept.join() === kept.join());
    const terms = now.h.flatMap((value, n) => (kept[n] ? [`${written(value)} · ${bracket(now.w[n])}`] : []));
    const s = score(now, kept);
    const inner = terms.length
      ? `(${terms.join(" + ")}) / ${written(1 - now.p)} ${now.b < 0 ? "−" : "+"} ${written(Math.abs(now.b))}` : written(now.b);
    const after = { affine: "", softmax: `, probability ${written(rest("softmax", s), 3)}`,
      relu: `, output ${written(rest("relu", s))}` }[kind];
    return `<p class="moving-sum">mask ${kept.join(" ")}, chance ${written(chance, 4)}: ${inner} = ${written(s)}${after}</p>`;
  }

  function say(verdict, text) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = one() + `<p>${text}</p>`;
  }

  function answer(guess) {
    open = true;
    const { mean, scaled, geometric } = draw();
    const kind = model.get("kind");
    const how = relation(mean, scaled);
    const verdict = guess === undefined ? "" : guess === how ? "right" : "wrong";
    const before = { right: "Right: ", wrong: "Not quite: ", "": "" }[verdict];
    const numbers = how === "equal" ? `<strong>equal</strong>, ${written(mean, 3)}`
      : `<strong>${how}</strong>, ${written(mean, 3)} against ${written(scaled, 3)}`;
    const surer = (value) => Math.abs(value - 0.5);
    const why = {
      affine: () => "For an affine rest it is so at any p and with any weights: the mean passes through.",
      softmax: () => `${surer(mean) < surer(scaled) - 0.0005 ? "The vote is less sure of itself. " : ""}`
        + `The <strong>geometric</strong> mean is ${written(geometric, 3)}: the scaled network's answer, to the last digit.`,
      relu: () => (how === "equal" ? "Here all scores lie on one side of the bend; give one unit a large negative weight."
        : "Below 0 the bend cuts off what would have balanced the rest, and one pass is no mean any more."),
    }[kind]();
    say(verdict, `${before}the mean ${NAMES[kind]} is ${numbers}. ${why}`);
  }

  function hide() {
    open = false;
    draw();
    say("", "Each disc is a subnetwork, its area the chance of its mask; the filled one is yours."
      + " Predict where their mean lies.");
  }

  el.addEventListener("input", ({ target }) => {
    if (target === control("kind")) {
      model.set("kind", target.value);
      hide();
      return;
    }
    if (target.dataset.weight !== undefined) {
      if (target.value === "" || !target.checkValidity()) return;
      model.set("w", model.get("w").map((each, n) => (n === Number(target.dataset.weight) ? target.valueAsNumber : each)));
    } else if (target.dataset.keep !== undefined) {
      model.set("kept", model.get("kept").map((each, n) => (n === Number(target.dataset.keep) ? Number(target.checked) : each)));
    } else if (target === control("p")) {
      model.set("p", target.valueAsNumber);
    }
    if (open) answer();
    else hide();
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.dataset.weight !== undefined) target.value = model.get("w")[target.dataset.weight];
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.guess) answer(target.dataset.guess);
    if (target.dataset.do === "show") answer();
  });
  hide();
}

export default { render };
