/* One simulated neuron at many images: what noise leaves to a model that knows its rates, and what halves tell of that. */

/** Draw spike counts (presentations, images), Poisson around the rates; the same seed gives the same counts as in Python. */
export function counts(rates, presentations, seed) {
  let state = Math.imul(seed, 2654435761) >>> 0;
  return Array.from({ length: presentations }, () => rates.map((rate) => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    let [count, chance] = [0, Math.exp(-rate)];
    for (let sum = chance; state / 2 ** 32 > sum && count < 99; sum += chance) chance *= rate / ++count;
    return count;
  }));
}

export function mean(presentations) {
  return presentations[0].map((_, image) => presentations.reduce((sum, each) => sum + each[image], 0) / presentations.length);
}

export function correlation(one, other) {
  const centre = (values) => values.map((value) => value - values.reduce((sum, each) => sum + each, 0) / values.length);
  const [a, b] = [centre(one), centre(other)];
  const dot = (u, v) => u.reduce((sum, value, n) => sum + value * v[n], 0);
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  return lengths ? dot(a, b) / lengths : 0;
}

/** The correlation of two halves of the presentations, as the mean over halves that begin at each presentation in turn. */
export function halves(presentations) {
  const half = presentations.length / 2;
  const found = Array.from({ length: half }, (_, first) => correlation(mean(presentations.slice(first, first + half)),
    mean([...presentations.slice(0, first), ...presentations.slice(first + half)])));
  return found.reduce((sum, each) => sum + each, 0) / half;
}

/** By Spearman and Brown, what a perfect model could reach with the mean of all. */
export function ceiling(r) {
  return Math.sqrt(Math.max(0, (2 * r) / (1 + r)));
}

/** What a perfect model reaches in the long run: the share of the variance that is the rates', under a root. */
export function expected(rates, presentations) {
  const level = rates.reduce((sum, each) => sum + each, 0) / rates.length;
  const signal = rates.reduce((sum, each) => sum + (each - level) ** 2, 0) / rates.length;
  return Math.sqrt(signal / (signal + level / presentations));
}

const STEPS = { spikes: [0.15, 0.3, 0.6, 1.2, 2.4], presentations: [2, 4, 6, 12, 24] };
const MARKUP = `
  <div class="moving-bar">
    <label class="moving-slider">Spikes
      <input type="range" min="0" max="4" data-set="spikes"> <output data-part="spikes"></output></label>
    <label class="moving-slider">Presentations
      <input type="range" min="0" max="4" data-set="presentations"> <output data-part="presentations"></output></label>
  </div>
  <div class="moving-bar">
    <label><input type="radio" value="perfect" data-set="model"> Perfect model</label>
    <label><input type="radio" value="other" data-set="model"> Fairly good model</label>
    <button type="button" class="moving-main" data-do="again">Record again</button>
  </div>
  <div class="moving-row noise-row">
    <div class="noise-side"><p class="moving-name" data-part="name"></p><div data-part="picture"></div></div>
    <div class="noise-side"><table class="moving-table"><caption>Correlations, from 0 to 1</caption>
      <tbody data-part="table"></tbody></table></div>
  </div>
  <div class="moving-result noise-result" role="status" aria-live="polite"></div>`;

const written = (value) => value.toFixed(2).replace("-", "−");

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const group = `model-${Math.random().toString(36).slice(2)}`; // of this figure's two radio buttons
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const controls = [...el.querySelectorAll("[data-set]")];

  /** Draw a dot for every image: what the model says of it, and how many spikes were counted on average. */
  function picture(says, counted, words) {
    const across = (value) => 5 + (93 * (value - Math.min(...says))) / (Math.max(...says) - Math.min(...says));
    const up = (value) => 96 - (91 * value) / Math.max(1, ...counted);
    const dots = says.map((value, n) => `<circle cx="${across(value).toFixed(1)}" cy="${up(counted[n]).toFixed(1)}" r="1.7"/>`);
    return `<svg class="noise-dots" viewBox="0 0 100 100" role="img" aria-label="${words}">`
      + `<path d="M2 2V98H98"/>${dots.join("")}</svg>`;
  }

  const bar = ([name, value, kind]) => `<tr><th scope="row">${name}</th><td><svg class="noise-bar" viewBox="0 0 100 10"`
    + ` preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="10"/><rect class="noise-${kind}"`
    + ` width="${100 * Math.min(1, Math.max(0, value))}" height="10"/></svg></td><td>${written(value)}</td></tr>`;

  function draw() {
    const [spikes, presentations, seed] = ["spikes", "presentations", "seed"].map((name) => model.get(name));
    const perfect = model.get("model") === "perfect";
    const rates = model.get("tuning").map((each) => spikes * each);
    const drawn = counts(rates, presentations, seed);
    const counted = mean(drawn);
    const reached = { perfect: correlation(rates, counted), other: correlation(model.get("other"), counted) };
    const half = halves(drawn);
    const limit = ceiling(half);
    for (const control of controls) {
      if (control.type === "radio") Object.assign(control, { name: group, checked: control.value === model.get("model") });
      else control.value = STEPS[control.dataset.set].indexOf(model.get(control.dataset.set));
    }
    part("spikes").textContent = spikes;
    part("presentations").textContent = presentations;
    el.querySelector('[data-set="spikes"]').setAttribute("aria-valuetext", `${spikes} spikes per presentation on average`);
    el.querySelector('[data-set="presentations"]').setAttribute("aria-valuetext", `${presentations} presentations`);
    part("name").textContent = `Mean count against the ${perfect ? "rate" : "model"}`;
    part("picture").innerHTML = picture(perfect ? rates : model.get("other"), counted, `A dot for each of ${rates.length} images:`
      + ` what the ${perfect ? "perfect" : "fairly good"} model says and the mean count have a correlation of`
      + ` ${written(reached[model.get("model")])}`);
    const formula = "√(2r<sub>h</sub> / (1 + r<sub>h</sub>))";
    part("table").innerHTML = [["half with half, r<sub>h</sub>", half, "half"], [`ceiling, ${formula}`, limit, "limit"],
      ["perfect model", reached.perfect, "model"], ["fairly good model", reached.other, "model"]].map(bar).join("");
    const ratio = reached.other / limit;
    const share = !limit ? "and of 0 there is no share" : `<strong>${written(ratio)}</strong> of the ceiling`
      + (ratio > 1 ? ", set too low" : "");
    const seen = String(Math.round(100 * spikes * presentations) / 100);
    el.querySelector(".moving-result").innerHTML = [
      `The perfect model knows every rate and reaches <strong>${written(reached.perfect)}</strong>. The halves, which know none,`
        + ` put the ceiling at <strong>${written(limit)}</strong>.`,
      `The fairly good one: 0.80 with the rates, ${share}.`,
      `In the long run: ${written(expected(rates, presentations))},`
        + ` for ${spikes}&nbsp;·&nbsp;${presentations}&nbsp;= ${seen} spikes per image.`,
    ].map((line) => `<p>${line}</p>`).join("");
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (name === "model") model.set(name, target.value);
    else if (name) model.set(name, STEPS[name][Number(target.value)]);
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "again") model.set("seed", model.get("seed") + 1);
  });
  model.on("change", draw);
  draw();
}

export default { render };
