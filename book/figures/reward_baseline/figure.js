/* REINFORCE on three choices: draw, look at the reward, push what was drawn by how far it lies above the baseline. */

export function softmax(logits) {
  const most = Math.max(...logits);
  const sum = logits.reduce((total, z) => total + Math.exp(z - most), 0);
  return logits.map((z) => Math.exp(z - most) / sum);
}

/** One estimate of the gradient of the mean reward: (R - b) times (one-hot - p). */
export function estimate(logits, pick, reward, baseline) {
  return softmax(logits).map((p, n) => (reward - baseline) * ((n === pick) - p));
}

/** Mean and standard deviation of that estimate over what may be drawn, exactly. */
export function moments(logits, rewards, baseline) {
  const p = softmax(logits);
  const all = rewards.map((reward, pick) => estimate(logits, pick, reward, baseline));
  const average = (values) => values.reduce((sum, value, pick) => sum + p[pick] * value, 0);
  const mean = logits.map((_, n) => average(all.map((each) => each[n])));
  return { mean, scatter: mean.map((middle, n) => Math.sqrt(average(all.map((each) => (each[n] - middle) ** 2)))) };
}

/** Draw numbers from 0 to 1 (Mulberry32); the same seed gives the same ones as in Python. */
export function uniform(seed, count) {
  return Array.from({ length: count }, (_, n) => {
    const state = (seed + (n + 1) * 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  });
}

/** Search for so many proposals; return what was drawn, and the probabilities before and after each. */
export function search(logits, rewards, { baseline, rate, seed, proposals }) {
  let z = logits;
  const found = { picks: [], shares: [softmax(z)] };
  for (const number of uniform(seed, proposals)) {
    const [first, second] = found.shares.at(-1);
    const pick = number < first ? 0 : number < first + second ? 1 : 2;
    z = estimate(z, pick, rewards[pick], baseline).map((slope, n) => z[n] + rate * slope);
    found.picks.push(pick);
    found.shares.push(softmax(z));
  }
  return found;
}

const NAMES = ["A", "B", "C"];
const [BEST, SEARCHES, LONG, LAST, KEPT] = [1, 20, 200, 25, 2];
const MARKUP = `
  <div class="moving-bar">
    <label class="moving-slider">Baseline b <input type="range" min="0" max="1.4" step="0.05" data-set="baseline">
      <output class="reward-number" data-part="baseline"></output></label>
    <label>Rate <select data-set="rate">${[0.5, 1, 2, 4].map((rate) => `<option>${rate}</option>`).join("")}</select></label>
    <button type="button" class="moving-main" data-do="1">Draw</button>
    <button type="button" data-do="20">Draw 20</button>
    <button type="button" data-do="again">Start again</button>
  </div>
  <div class="moving-row">
    <table class="moving-table reward-choices"><caption data-part="count"></caption>
      <thead><tr><th scope="col">Choice</th><th scope="col">R</th><th scope="col">Probability, change</th></tr></thead>
      <tbody data-part="choices"></tbody></table>
    <div class="reward-side">
      <svg class="norm-curve" viewBox="0 0 200 100" preserveAspectRatio="none" role="img" data-part="curve"></svg>
      <p class="boundary-key">Probability of B, 0 to 100%, in 200 draws; orange, where it loses</p></div>
  </div>
  <form class="moving-bar">
    <label>Predict: how many of 20 searches end with B?
      <input type="number" step="1" min="0" max="20" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <div class="moving-result" role="status" aria-live="polite"></div>
  <table class="moving-table reward-tried"><caption>Twenty searches, 200 proposals each</caption>
    <thead><tr>${["b, rate", "Scatter", "End with B", "Last 25"].map((each) =>
    `<th scope="col">${each}</th>`).join("")}</tr></thead>
    <tbody data-part="tried"></tbody></table>`;

const percent = (p) => `${(100 * p).toFixed(p > 0.0995 && p < 0.9995 ? 0 : 1)}%`;
const signed = (value, digits) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
const likeliest = (p) => p.indexOf(Math.max(...p));

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const [logits, rewards] = [model.get("logits"), model.get("rewards")];
  const setting = () => ({ baseline: model.get("baseline"), rate: model.get("rate") });
  const own = () => search(logits, rewards, { ...setting(), seed: model.get("seed"), proposals: model.get("drawn") });

  function drawChoices({ shares, picks }) {
    const [before, now] = [shares.at(-2) ?? shares[0], shares.at(-1)];
    part("count").textContent = picks.length ? `After ${picks.length} of ${LONG} proposals` : "Before the first proposal";
    part("choices").innerHTML = NAMES.map((name, n) => {
      const change = 100 * (now[n] - before[n]);
      const drawn = n === picks.at(-1);
      return `<tr${drawn ? ' class="reward-drawn"' : ""}><th scope="row">${name}${drawn ? " ←" : ""}</th>
        <td>${rewards[n].toFixed(2)}</td><td><span class="reward-track"><span style="width: ${100 * now[n]}%"></span></span>
        <span class="reward-share">${percent(now[n])}</span> <span class="reward-change">${signed(change, 1)}</span></td></tr>`;
    }).join("");
  }

  function drawCurves(mine, others) {
    const line = ({ shares }, kind) =>
      `<polyline class="${kind}" points="${shares.map((p, n) => `${n},${(100 - 100 * p[BEST]).toFixed(1)}`).join(" ")}"/>`;
    part("curve").innerHTML = `<line x1="0" x2="200" y1="50" y2="50"/>`
      + others.map((each) => line(each, likeliest(each.shares.at(-1)) === BEST ? "reward-well" : "reward-ill")).join("")
      + line(mine, "reward-mine");
    const ends = others.map((each) => percent(each.shares.at(-1)[BEST]));
    part("curve").setAttribute("aria-label", `Probability of B over the proposals; in your search it is now`
      + ` ${percent(mine.shares.at(-1)[BEST])}${ends.length ? `; twenty searches end at ${ends.join(", ")}` : ""}`);
  }

  function drawTried() {
    const rows = model.get("tried").map(([b, rate, scatter, wins, worth]) =>
      [`${b.toFixed(2)}, ${rate}`, scatter.toFixed(3), `${wins} of ${SEARCHES}`, worth.toFixed(4)]);
    while (rows.length < KEPT) rows.push(["?", "?", "?", "?"]);
    part("tried").innerHTML = [...rows, ["dice", "none", "never learn", mean(rewards).toFixed(4)]].map(([first, ...rest]) =>
      `<tr><th scope="row">${first}</th>${rest.map((each) => `<td>${each}</td>`).join("")}</tr>`).join("");
  }

  function draw(others = []) {
    const mine = own();
    for (const name of ["baseline", "rate"]) el.querySelector(`[data-set="${name}"]`).value = model.get(name);
    part("baseline").textContent = model.get("baseline").toFixed(2);
    drawChoices(mine);
    drawCurves(mine, others);
    drawTried();
    return mine;
  }

  function say(sentence, verdict = "") {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = `<p>${sentence}</p>`;
  }

  function propose(count) {
    const { baseline, rate } = setting();
    model.set("drawn", Math.min(model.get("drawn") + count, LONG));
    const { picks, shares } = draw();
    const pick = picks.at(-1);
    const gain = rewards[pick] - baseline;
    const lesson = Math.abs(gain) < 1e-9 ? "It is just what the baseline expects, and nothing moves."
      : gain > 0 && pick !== BEST && baseline < Math.min(...rewards)
        ? `<strong>${pick === 2 ? "The worst" : "The middle"} choice became likelier</strong>, because every reward is above b.`
        : gain < 0 && pick === BEST ? "<strong>The best choice became less likely</strong>, because every reward is below b."
          : `It is ${gain > 0 ? "above" : "below"} the baseline, and becomes ${gain > 0 ? "likelier" : "less likely"}.`;
    const reward = rewards[pick].toFixed(2);
    say(`${NAMES[pick]} drawn, reward ${reward}. Its push is ${rate} · (${reward} − ${baseline.toFixed(2)})`
      + ` = ${signed(rate * gain, 2)}: from ${percent(shares.at(-2)[pick])} to ${percent(shares.at(-1)[pick])}. ${lesson}`);
  }

  /** Run all searches, and put what came of them into the table. */
  function answer(guess) {
    const { baseline, rate } = setting();
    const runs = Array.from({ length: SEARCHES }, (_, n) =>
      search(logits, rewards, { ...setting(), seed: n + 1, proposals: LONG }));
    const ends = runs.map(({ shares }) => likeliest(shares.at(-1)));
    const wins = NAMES.map((_, n) => ends.filter((end) => end === n).length);
    const late = mean(runs.flatMap(({ picks }) => picks.slice(-LAST).map((pick) => rewards[pick])));
    const { mean: step, scatter } = moments(logits, rewards, baseline);
    const row = [baseline, rate, scatter[BEST], wins[BEST], late];
    const others = model.get("tried").filter(([b, r]) => b !== baseline || r !== rate);
    model.set("tried", [row, ...others].slice(0, KEPT));
    draw(runs);
    const verdict = guess === undefined ? "" : guess === wins[BEST] ? "right" : "wrong";
    const lesson = wins[BEST] === SEARCHES
      ? "And dice? Ten throws have met B in 98% of searches: to see the best once, nobody had to learn."
      : "Pushes are so large that a single draw can overturn what was learned.";
    say(`${{ right: "Right: ", wrong: "Not quite: ", "": "" }[verdict]}<strong>${wins[BEST]} of ${SEARCHES}</strong> end with B,`
      + ` ${wins[0]} with A, ${wins[2]} with C. A step for B is ${step[BEST].toFixed(3)} on average, whatever b is,`
      + ` and scatters by ${scatter[BEST].toFixed(3)}. ${lesson}`, verdict);
  }

  el.addEventListener("input", ({ target }) => {
    if (!target.dataset.set) return;
    model.set({ [target.dataset.set]: Number(target.value), drawn: 0 });
    part("guess").value = "";
    draw();
    say(`b = ${model.get("baseline").toFixed(2)}, and the search begins again. Draw, or predict what twenty searches come to.`);
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isInteger(guess) && guess >= 0 && guess <= SEARCHES) answer(guess);
    else say(`Predict with a whole number from 0 to ${SEARCHES}.`);
  });
  el.addEventListener("click", ({ target }) => {
    const what = target.dataset.do;
    if (what === "show") answer();
    else if (what === "again") {
      model.set({ drawn: 0, seed: (model.get("seed") % SEARCHES) + 1 });
      draw();
      say("All is as at the beginning, with other dice. Draw, or predict what twenty searches come to.");
    } else if (what) propose(Number(what));
  });
  draw();
  say("Nothing is drawn yet. C is the worst choice: will drawing it make it less likely? Draw, and see.");
}

export default { render };
