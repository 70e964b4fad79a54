/* All paths through a row of residual blocks, by their length: how many there are, and how much gradient they bring back. */

/** Which share of the whole the paths of length 0 to n have, if each branch on the way counts t; t = 1 counts paths. */
export function shares(blocks, t) {
  const found = [(1 + t) ** -blocks];
  for (let k = 0; k < blocks; k++) found.push((found[k] * t * (blocks - k)) / (k + 1));
  return found;
}

export function upTo(all, longest) {
  return all.slice(0, longest + 1).reduce((sum, each) => sum + each, 0);
}

/** The length at which half of the whole is reached; the tolerance is for halves that rounding makes a little less. */
export function middle(all) {
  return all.findIndex((_, k) => upTo(all, k) >= 0.5 - 1e-12);
}

const [WIDE, HIGH, GAP, NEAR] = [600, 118, 34, 0.1]; // of the picture; a guess is right within NEAR
const MARKUP = `
  <div class="moving-fields lengths-fields">
    <label><span>Blocks <var>n</var> = <strong data-part="blocks"></strong></span>
      <input type="range" min="4" max="110" data-set="blocks"></label>
    <label><span>Each branch counts <var>t</var> = <strong data-part="t"></strong></span>
      <input type="range" min="0.05" max="1" step="0.05" data-set="t"></label>
    <label><span>Keep lengths up to <strong data-part="longest"></strong></span>
      <input type="range" min="0" data-set="longest"></label>
  </div>
  <div data-part="picture"></div>
  <form class="moving-bar">
    <label><span data-part="question"></span> <input type="number" min="0" max="100" step="any" data-part="guess"> %</label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <div class="moving-result lengths-result" role="status" aria-live="polite"></div>`;

const branches = (k) => `${k} branch${k === 1 ? "" : "es"}`;
const decimals = (share) => (share < 0.1 || share > 0.99 ? 2 : 0);

function percent(share) {
  if (share < 5e-5) return "less than 0.01%";
  return share < 1 && share > 0.99995 ? "more than 99.99%" : `${Number((100 * share).toFixed(decimals(share)))}%`;
}

function power(value) {
  const [digits, exponent] = value.toExponential(1).split("e");
  if (Math.abs(exponent) < 3) return String(Number(value.toPrecision(2)));
  return `${digits} · 10<sup>${exponent.replace("-", "−").replace("+", "")}</sup>`;
}

/** Draw the count of paths upwards and, once it is shown, their gradient downwards; what is kept is filled. */
function picture(counts, weights, longest, open) {
  const largest = Math.max(...counts, ...weights);
  const step = WIDE / counts.length;
  const bars = (list, kind, top) => list.map((share, k) => {
    const height = (HIGH * share) / largest;
    return height < 0.05 ? "" : `<rect class="${kind} ${k <= longest ? "lengths-kept" : "lengths-left"}"`
      + ` x="${(k + 0.08) * step}" y="${top ? HIGH - height : HIGH + GAP}" width="${0.84 * step}" height="${height}"/>`;
  }).join("");
  const every = [1, 2, 5, 10, 20].find((each) => counts.length / each <= 8);
  const ticks = counts.flatMap((_, k) => (k % every ? [] : [`<text x="${(k + 0.5) * step}" y="${HIGH + GAP / 2}">${k}</text>`]));
  const cut = (longest + 1) * step;
  const below = open ? bars(weights, "lengths-weight", false)
    : `<text class="lengths-hidden" x="${WIDE / 2}" y="${HIGH + GAP + HIGH / 2}">?</text>`;
  const words = `Above, paths by length: the middle one takes ${branches(middle(counts))}; those of up to ${longest}, `
    + `${percent(upTo(counts, longest))}, are kept.`
    + (open ? ` Below, their gradient: its middle is at ${branches(middle(weights))}; ${percent(upTo(weights, longest))} is kept.`
      : " Below, the gradient is not shown yet.");
  return `<p class="moving-name">Paths, by the number of branches they take</p>
    <svg class="lengths" viewBox="-10 -6 ${WIDE + 20} ${2 * HIGH + GAP + 12}" role="img" aria-label="${words}">
    ${bars(counts, "lengths-count", true)}${ticks.join("")}${below}
    <line x1="${cut}" x2="${cut}" y1="0" y2="${2 * HIGH + GAP}"/></svg>
    <p class="moving-name">The gradient they bring back, on the same scale</p>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const result = el.querySelector(".moving-result");
  let open = false;

  function draw(guess) {
    const [blocks, t, longest] = ["blocks", "t", "longest"].map((name) => model.get(name));
    const [counts, weights] = [shares(blocks, 1), shares(blocks, t)];
    const [few, much] = [upTo(counts, longest), upTo(weights, longest)];
    el.querySelector('[data-set="longest"]').max = blocks;
    for (const name of ["blocks", "t", "longest"]) el.querySelector(`[data-set="${name}"]`).value = model.get(name);
    [part("blocks").textContent, part("t").textContent, part("longest").textContent] = [blocks, t, longest];
    part("picture").innerHTML = picture(counts, weights, longest, open);
    part("question").textContent = `${percent(few)} of all paths. Their share of the gradient?`.replace(/^l/, "L");
    el.querySelector('[data-do="show"]').textContent = open ? "Hide it" : "Show it";
    const right = guess !== undefined && Math.abs(guess / 100 - much) <= NEAR;
    result.dataset.verdict = guess === undefined ? "" : right ? "right" : "wrong";
    if (!open) {
      result.innerHTML = `<p>Of the 2<sup>${blocks}</sup> = ${power(2 ** blocks)} paths, keep only the short ones, filled above.`
        + ` A path of <var>k</var> branches counts <var>t</var><sup>k</sup>. How much is lost?</p>`;
      return;
    }
    const before = guess === undefined ? "These paths" : right ? "Right: these paths" : "Not quite: these paths";
    const [typical, centre] = [middle(counts), middle(weights)];
    const mean = ((blocks * t) / (1 + t)).toFixed(1);
    result.innerHTML = `<p>${before}, ${percent(few)} of all, carry <strong>${percent(much)}</strong> of the gradient.</p>`
      + `<p>Half of the paths take up to ${branches(typical)}, half of the gradient up to <strong>${centre}</strong>`
      + ` (<span class="keep-together">mean <var>n t</var> / (1 + <var>t</var>) = ${mean}</span>).</p>`
      + `<p>${t === 1 ? "With <var>t</var> = 1 every path counts the same, whatever its length."
        : `One path of ${typical} counts ${power(t ** typical)}; the one without a branch counts 1.`}</p>`;
  }

  el.addEventListener("input", ({ target }) => {
    if (!target.dataset.set) return;
    model.set(target.dataset.set, target.valueAsNumber);
    model.set("longest", Math.min(model.get("longest"), model.get("blocks")));
    draw();
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (!Number.isFinite(guess)) {
      result.innerHTML = "<p>Type a number from 0 to 100 first.</p>";
      return;
    }
    open = true;
    draw(guess);
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do !== "show") return;
    open = !open;
    draw();
  });
  draw();
}

export default { render };
