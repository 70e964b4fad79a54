/* One feature under batch normalization: batches come, the running statistics follow, and one image asks what it gets. */

const EPS = 1e-5;
const TRUE = { mean: 3, variance: 4 }; // of all images

/** Draw a batch; the same seed gives the same numbers as in Python. They look normal, with the mean and variance of TRUE. */
export function batch(seed, size) {
  let state = Math.imul(seed, 2654435761) >>> 0;
  const next = () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: size }, () => Math.floor(10 * (TRUE.mean + 4 * (next() + next() + next() - 1.5)) + 0.5) / 10);
}

/** Return the mean and both variances: divided by N for the batch itself, by N - 1 for the running variance. */
export function statistics(values) {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return { mean, variance: squares / values.length, unbiased: squares / (values.length - 1) };
}

export function normalised(values, { mean, variance }, gamma, beta) {
  return values.map((each) => (gamma * (each - mean)) / Math.sqrt(variance + EPS) + beta);
}

/** Follow the running statistics from the empty diary, mean 0 and variance 1, through batches that were written down. */
export function diary(seeds, size, momentum) {
  const entries = [{ mean: 0, variance: 1 }];
  for (const seed of seeds) {
    const { mean, unbiased } = statistics(batch(seed, size));
    const last = entries.at(-1);
    entries.push({
      mean: (1 - momentum) * last.mean + momentum * mean,
      variance: (1 - momentum) * last.variance + momentum * unbiased,
    });
  }
  return entries;
}

/** What one image gets: alone in training mode, in training mode with a batch for company, and in test mode. */
export function answers(image, company, running, gamma, beta) {
  const all = [image, ...company];
  return {
    alone: normalised([image], statistics([image]), gamma, beta)[0],
    accompanied: normalised(all, statistics(all), gamma, beta)[0],
    test: normalised([image], running, gamma, beta)[0],
  };
}

const [LEAST, MOST] = [-4, 10]; // what the picture shows of the axis of numbers
const MARKUP = `
  <div class="moving-bar">
    <label><input type="radio" name="bn-mode" value="train" data-set="mode"> Training mode</label>
    <label><input type="radio" name="bn-mode" value="test" data-set="mode"> Test mode</label>
    <label class="moving-slider">Batch size
      <input type="range" min="2" max="16" step="1" data-set="size"> <output data-part="size"></output></label>
    <label>Momentum <select data-set="momentum">
      <option>0.01</option><option>0.1</option><option>0.5</option><option>1</option></select></label>
  </div>
  <div class="moving-bar">
    <button type="button" class="moving-main" data-do="next">Next batch</button>
    <button type="button" data-do="ten">10 batches</button>
    <button type="button" data-do="empty">Empty the diary</button>
    <label>γ <input type="number" step="0.5" min="-4" max="4" data-set="gamma"></label>
    <label>β <input type="number" step="0.5" min="-4" max="8" data-set="beta"></label>
    <label class="moving-slider">Image x
      <input type="range" min="-3" max="9" step="0.5" data-set="image"> <output data-part="image"></output></label>
  </div>
  <div data-part="picture" class="norm-picture"></div>
  <div class="moving-row">
    <table class="moving-table"><caption data-part="number"></caption>
      <thead><tr><th scope="col">Statistics</th><th scope="col">Mean</th><th scope="col">Variance</th></tr></thead>
      <tbody data-part="statistics"></tbody></table>
    <table class="moving-table"><caption data-part="asked"></caption><tbody data-part="answers"></tbody></table>
    <div class="norm-side">
      <svg class="norm-curve" viewBox="0 0 100 50" preserveAspectRatio="none" role="img" data-part="curve"></svg>
      <p class="boundary-key">The diary: running mean (solid) and variance (dashed); thin, 3 and 4, those of all images.</p></div>
  </div>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const written = (value) => String(Math.round(value * 100) / 100 + 0).replace("-", "−");
const NAMES = ["mode", "size", "momentum", "gamma", "beta", "image", "batch", "diary"];
const level = (value) => (Math.abs(value) < 0.005 ? 0 : Math.sign(value) * Math.min(Math.ceil(Math.abs(value)), 3));

function render({ model, el }) {
  el.innerHTML = MARKUP.replaceAll("bn-mode", `bn-mode-${Math.random().toString(36).slice(2)}`);
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const controls = [...el.querySelectorAll("[data-set]")];
  const setting = () => Object.fromEntries(NAMES.map((name) => [name, model.get(name)]));

  /** Draw the batch on an upper line of numbers, what the mode makes of it on a lower one, and lines between them. */
  function picture({ mode, image }, values, used, outputs, answer) {
    const across = (value) => 2 + (96 * (Math.min(Math.max(value, LEAST), MOST) - LEAST)) / (MOST - LEAST);
    const line = (kind, from, top, to, bottom) =>
      `<line class="${kind}" x1="${across(from)}" y1="${top}" x2="${across(to)}" y2="${bottom}"/>`;
    const ticks = Array.from({ length: (MOST - LEAST) / 2 + 1 }, (_, n) => LEAST + 2 * n);
    const axis = (y) => line("norm-axis", LEAST, y, MOST, y) + ticks.map((tick) =>
      `${line("norm-axis", tick, y, tick, y + 1)}<text x="${across(tick)}" y="${y + 1.8}">${written(tick)}</text>`).join("");
    const [low, high] = [-1, 1].map((sign) => used.mean + sign * Math.sqrt(used.variance));
    const band = `<rect class="norm-band" x="${across(low)}" y="4.5" width="${across(high) - across(low)}" height="5"/>`
      + line("norm-mean", used.mean, 3, used.mean, 11);
    const ways = values.map((value, n) => line("norm-way", value, 7, outputs[n], 29.5));
    const dots = values.map((value, n) => `<circle cx="${across(value)}" cy="7" r="1.5"/>`
      + `<circle data-level="${level(outputs[n])}" cx="${across(outputs[n])}" cy="29.5" r="1.5"/>`);
    const diamond = (value, y) => `<path class="norm-image" d="M${across(value)} ${y - 2.4}l2.4 2.4l-2.4 2.4l-2.4 -2.4z"/>`;
    const asked = line("norm-way norm-own", image, 7, answer, 29.5) + diamond(image, 7) + diamond(answer, 29.5);
    const whose = mode === "train" ? "batch's" : "running";
    const words = `Upper line: the batch, ${values.map(written).join(", ")}, with a band of one standard deviation on both sides`
      + ` of the ${whose} mean. Lower line: what comes out, ${outputs.map(written).join(", ")}.`
      + ` The diamond is the single image, ${written(image)} above and ${written(answer)} below.`;
    return `<svg viewBox="0 0 100 40" role="img" aria-label="${words}">${axis(11)}${band}${axis(33)}`
      + `${ways.join("")}${dots.join("")}${asked}</svg>`;
  }

  function curve(entries) {
    const across = Math.max(entries.length - 1, 30);
    const top = Math.max(6, ...entries.map((entry) => entry.variance));
    const height = (value) => 50 - (50 * Math.max(value, 0)) / top;
    const line = (name, kind) => {
      const points = entries.map((entry, n) => `${(100 * n) / across},${height(entry[name])}`);
      return `<line x1="0" x2="100" y1="${height(TRUE[name])}" y2="${height(TRUE[name])}"/>`
        + `<polyline class="${kind}" points="${points.join(" ")}"/>`;
    };
    return line("mean", "norm-solid") + line("variance", "norm-dashed");
  }

  function draw() {
    const now = setting();
    const values = batch(now.batch, now.size);
    const own = statistics(values);
    const entries = diary(now.diary, now.size, now.momentum);
    const running = entries.at(-1);
    const used = now.mode === "train" ? own : running;
    const outputs = normalised(values, used, now.gamma, now.beta);
    const given = answers(now.image, values, running, now.gamma, now.beta);
    for (const control of controls) {
      if (control.type === "radio") control.checked = control.value === now.mode;
      else if (control !== document.activeElement || control.type !== "number") control.value = now[control.dataset.set];
    }
    part("size").textContent = now.size;
    part("image").textContent = written(now.image);
    part("picture").innerHTML = picture(now, values, used, outputs, now.mode === "train" ? given.alone : given.test);
    part("number").textContent = `Batch ${now.batch}, and the diary after ${now.diary.length}`;
    const rows = [["batch, over N", own.mean, own.variance], ["batch, over N − 1", own.mean, own.unbiased],
      ["running", running.mean, running.variance], ["all images", TRUE.mean, TRUE.variance]];
    part("statistics").innerHTML = rows.map(([name, ...numbers]) =>
      `<tr><th scope="row">${name}</th>${numbers.map((each) => `<td>${written(each)}</td>`).join("")}</tr>`).join("");
    part("asked").textContent = `The image, x = ${written(now.image)}, gets`;
    const asked = [["training, alone", given.alone], ["training, in this batch", given.accompanied], ["test mode", given.test]];
    part("answers").innerHTML = asked.map(([name, value]) => `<tr><th scope="row">${name}</th>`
      + `<td class="norm-answer" data-level="${level(value)}">${written(value)}</td></tr>`).join("");
    part("curve").innerHTML = curve(entries);
    part("curve").setAttribute("aria-label", `After ${now.diary.length} batches the running mean is ${written(running.mean)}`
      + ` and the running variance ${written(running.variance)}; all images have ${TRUE.mean} and ${TRUE.variance}`);
    return { now, running, given };
  }

  function say(before) {
    const { now, running, given } = draw();
    const mode = now.mode === "train"
      ? `In training mode the image, alone, gets β = <strong>${written(given.alone)}</strong>, whatever it shows.`
      : `In test mode the image gets <strong>${written(given.test)}</strong>, in any company.`;
    const kept = `Running mean ${written(running.mean)}, variance ${written(running.variance)}.`;
    el.querySelector(".moving-result").innerHTML = `<p>${before} ${kept} ${mode}</p>`;
  }

  /** Let batches come; only training mode writes them down. */
  function come(count) {
    const first = model.get("batch") + 1;
    const found = Array.from({ length: count }, (_, n) => first + n);
    const training = model.get("mode") === "train";
    model.set({ batch: first + count - 1, diary: training ? [...model.get("diary"), ...found] : model.get("diary") });
    const what = count === 1 ? `Batch ${first}` : `Batches ${first} to ${first + count - 1}`;
    say(`${what} ${training ? "written down." : "seen, and nothing written: this is test mode."}`);
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    const value = target.type === "radio" ? target.value : Number(target.value);
    if (!name || (target.type === "number" && (target.value === "" || !target.checkValidity()))) return;
    model.set(name, value);
    say({ mode: "The mode is changed, the diary is not.", size: `${value} images per batch now, from the first on.`,
      momentum: `The newest batch counts ${value} now, from the first on.` }[name] ?? "");
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.type === "number") target.value = model.get(target.dataset.set);
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "next") come(1);
    if (target.dataset.do === "ten") come(10);
    if (target.dataset.do === "empty") {
      model.set("diary", []);
      say("The diary is empty: mean 0, variance 1.");
    }
  });
  say("One batch is written down.");
}

export default { render };
