/* The best of many networks on the pictures that chose it, and on fresh ones: every true accuracy is known here. */

const TOP = 0.8; // the true accuracy of the best network, or of all
const FRESH = 10000;
const SIZES = [50, 100, 500, 1000];

/** The index-th of a seed's numbers from 0 to 1, the same as in Python. */
export function uniform(seed, index) {
  const state = Math.imul(seed + 1, 0x9e3779b1) + Math.imul(index + 1, 0x6d2b79f5);
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** True accuracies: evenly from TOP - spread to TOP; the last network is never worse than another. */
export function truths(networks, spread) {
  return Array.from({ length: networks }, (_, n) => TOP - (networks > 1 ? (spread * (networks - 1 - n)) / (networks - 1) : 0));
}

/** Test all networks on the same number of pictures, take the best (the first of equals), and test it on fresh pictures. */
export function search(networks, pictures, spread, seed) {
  let index = 0;
  const tested = (truth, count) => {
    let right = 0;
    for (let n = 0; n < count; n++) right += uniform(seed, index++) < truth;
    return right / count;
  };
  const shown = truths(networks, spread).map((truth) => tested(truth, pictures));
  const winner = shown.indexOf(Math.max(...shown));
  const truth = truths(networks, spread)[winner];
  return { shown, winner, truth, fresh: tested(truth, FRESH) };
}

/** What the best shows, on average over all searches: exactly, from the binomial distributions. */
export function expectedBest(networks, pictures, spread) {
  const below = new Float64Array(pictures).fill(1); // the probability that all networks get at most so many right
  const counted = spread ? truths(networks, spread) : [TOP];
  for (const truth of counted) {
    let [log, sum] = [pictures * Math.log(1 - truth), 0];
    for (let right = 0; right < pictures; right++) {
      sum += Math.exp(log);
      below[right] *= sum;
      log += Math.log((pictures - right) / (right + 1)) + Math.log(truth / (1 - truth));
    }
  }
  const power = spread ? 1 : networks;
  return below.reduce((total, each) => total + (1 - each ** power), 0) / pictures;
}

const thousands = (count) => count.toLocaleString("en");
const [LOW, HIGH] = [0.55, 1];
const MARKUP = `
  <div class="moving-bar">
    <label class="moving-slider">Networks <input type="range" min="1" max="200" step="1" data-set="networks">
      <output data-part="networks"></output></label>
    <label>Pictures
      <select data-set="pictures">${SIZES.map((size) => `<option>${size}</option>`).join("")}</select></label>
    <label>True accuracy <select data-set="spread"><option value="0">80%, all alike</option>
      <option value="0.1">70% to 80%</option></select></label>
  </div>
  <form class="moving-bar">
    <label>The best will show, in % <input type="number" min="0" max="100" step="any" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
    <button type="button" data-do="again">Search again</button>
  </form>
  <div class="luck-picture" data-part="picture"></div>
  <p class="boundary-key">A dot for each network, at the accuracy that it shows. Dashed: the best true one. Diamond: the winner on
    ${thousands(FRESH)} fresh pictures.</p>
  <table class="moving-table luck-table"><caption data-part="caption"></caption>
    <thead><tr><th scope="col">Pictures</th>
      ${SIZES.map((size) => `<th scope="col">${thousands(size)}</th>`).join("")}</tr></thead>
    <tbody><tr><th scope="row">Best</th>
      ${SIZES.map((size) => `<td data-size="${size}"></td>`).join("")}</tr></tbody></table>
  <div class="moving-result luck-result" role="status" aria-live="polite"></div>`;

const percent = (share) => `${(100 * share).toFixed(1)}%`;
const x = (share) => 10 + (380 * (Math.max(share, LOW) - LOW)) / (HIGH - LOW);

/** Draw the shown accuracies as stacked dots, the winner filled, its fresh accuracy as a diamond. */
function picture(found) {
  const begin = (words) => `<svg viewBox="0 0 400 172" role="img" aria-label="${words}">`
    + `<line x1="10" x2="390" y1="146" y2="146"/><line class="luck-truth" x1="${x(TOP)}" x2="${x(TOP)}" y1="4" y2="146"/>`
    + `${[60, 70, 80, 90, 100].map((tick) =>
      `<text x="${x(tick / 100)}" y="166"${tick === 100 ? ' class="luck-end"' : ""}>${tick}%</text>`).join("")}`;
  if (!found) return `${begin("An axis of accuracies; the search is still to come")}</svg>`;
  const { shown, winner, fresh } = found;
  const stacks = new Map();
  const places = shown.map((share) => {
    const bin = Math.floor(100 * share + 1e-9);
    stacks.set(bin, (stacks.get(bin) ?? 0) + 1);
    return stacks.get(bin) - 0.5;
  });
  const size = Math.min(8, 134 / Math.max(...stacks.values()));
  const dots = shown.map((share, n) => (n === winner ? ""
    : `<circle cx="${x(share).toFixed(1)}" cy="${(146 - size * places[n]).toFixed(1)}" r="${(0.46 * size).toFixed(2)}"/>`));
  const top = `cx="${x(shown[winner]).toFixed(1)}" cy="${(146 - size * places[winner]).toFixed(1)}"`;
  const words = `${shown.length} networks show ${percent(Math.min(...shown))} to ${percent(shown[winner])}; the winner gets`
    + ` ${percent(fresh)} on fresh pictures`;
  return `${begin(words)}${dots.join("")}<circle class="luck-winner" ${top} r="6"/>`
    + `<path class="luck-fresh" d="M${x(fresh)} 12l8 8l-8 8l-8 -8z"/></svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  let open = false; // whether the search has been shown
  const setting = () => ["networks", "pictures", "spread"].map((name) => model.get(name));

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function describe({ shown, winner, truth, fresh }) {
    const [networks, pictures, spread] = setting();
    const gap = 100 * (shown[winner] - fresh);
    const promise = Math.abs(gap) < 0.05 ? "its promise was honest"
      : `it promised ${Math.abs(gap).toFixed(1)} points too ${gap > 0 ? "much" : "little"}`;
    const better = truths(networks, spread).filter((each) => each > truth + 1e-12).length;
    const meaning = networks === 1 ? "Chosen by nobody, a network is judged fairly: sometimes too well, sometimes too badly."
      : !spread ? "No network here is better than another. All of the lead is luck."
        : better ? `Its true accuracy is ${percent(truth)}: ${better} of the others ${better === 1 ? "is" : "are"} truly better.`
          : "It is truly the best. And still it flatters itself.";
    return [
      `The best of ${networks} shows <strong>${percent(shown[winner])}</strong> on the ${thousands(pictures)} pictures`
        + ` that chose it, and <strong>${percent(fresh)}</strong> on fresh ones: ${promise}.`,
      meaning,
    ];
  }

  function draw() {
    const [networks, pictures, spread] = setting();
    for (const control of el.querySelectorAll("[data-set]")) control.value = model.get(control.dataset.set);
    part("networks").textContent = networks;
    const found = open ? search(networks, pictures, spread, model.get("seed")) : null;
    part("picture").innerHTML = picture(found);
    part("caption").textContent = `On average over all searches, the best of ${networks} shows`;
    for (const size of SIZES) {
      const cell = el.querySelector(`[data-size="${size}"]`);
      cell.textContent = open ? percent(expectedBest(networks, size, spread)) : "?";
      cell.className = size === pictures ? "luck-now" : "";
    }
    el.querySelector('[data-do="again"]').disabled = !open;
    const question = `${networks} networks, ${thousands(pictures)} validation pictures. What will the best one show?`
      + " Guess, then check.";
    say("", ...(found ? describe(found) : [question]));
    return found;
  }

  function reveal(guess) {
    open = true;
    const found = draw();
    if (guess === undefined) return;
    const best = 100 * found.shown[found.winner];
    const close = Math.abs(guess - best) <= 2;
    const off = `${Math.abs(guess - best).toFixed(1)} points too ${guess < best ? "low" : "high"}`;
    say(close ? "right" : "wrong", `Your guess was ${close ? "close" : off}.`, ...describe(found));
  }

  el.addEventListener("input", ({ target }) => {
    if (target.dataset.set) model.set(target.dataset.set, Number(target.value));
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isFinite(guess)) reveal(guess);
    else say("", "Type a percentage first.");
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "show") reveal();
    if (target.dataset.do === "again") model.set("seed", model.get("seed") + 1);
  });
  model.on("change", draw);
  draw();
}

export default { render };
