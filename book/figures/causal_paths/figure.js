/* A stack of convolutions in time: which samples one output reads, and along how many paths each of them arrives. */

const SCHEDULES = {
  "all 1": () => 1,
  doubling: (layer) => 2 ** layer,
  tripling: (layer) => 3 ** layer,
  "blocks of 1, 2, 4": (layer) => 2 ** (layer % 3),
};

export function dilations(schedule, layers) {
  return Array.from({ length: layers }, (_, layer) => SCHEDULES[schedule](layer));
}

/** Where the taps of one layer lie, as steps from its output: all in the past, or around it as with padding="same". */
export function steps(dilation, taps, causal) {
  const left = causal ? dilation * (taps - 1) : Math.floor((dilation * (taps - 1)) / 2);
  return Array.from({ length: taps }, (_, k) => k * dilation - left);
}

/** Count the paths from one output down to each place of every level; the output's own level comes first, at place 0. */
export function levels(list, taps, causal) {
  const found = [[[0, 1]]];
  for (const dilation of list.toReversed()) {
    const below = new Map();
    for (const [place, count] of found.at(-1)) {
      for (const step of steps(dilation, taps, causal)) below.set(place + step, (below.get(place + step) ?? 0) + count);
    }
    found.push([...below].sort((a, b) => a[0] - b[0]));
  }
  return found;
}

/** How many layers a schedule needs until its field spans so many samples, what it spans then, and how many it reads. */
export function needed(schedule, taps, samples) {
  let [layers, span] = [0, 1];
  for (; span < samples; layers += 1) span += (taps - 1) * SCHEDULES[schedule](layers);
  const holes = schedule === "tripling" && taps === 2;
  return { layers, span, reads: holes ? taps ** layers : span };
}

const SHOWN = 32; // columns of the picture
const MARKUP = `
  <div class="moving-bar">
    <label>Dilations <select data-set="schedule">${
      Object.keys(SCHEDULES).map((each) => `<option>${each}</option>`).join("")}</select></label>
    <label>Taps <select data-set="taps"><option>2</option><option>3</option></select></label>
    <label class="moving-slider paths-layers">Layers <input type="range" min="1" max="5" step="1" data-set="layers">
      <output data-part="layers"></output></label>
    <label><input type="checkbox" data-set="causal"> Causal</label>
  </div>
  <div class="paths-picture" data-part="picture"></div>
  <p class="moving-name" data-part="key"></p>
  <div class="moving-result" role="status" aria-live="polite" data-part="seen"></div>
  <form class="moving-bar">
    <label>Predict the layers for <select data-part="goal"><option value="67">67 samples, a pulse</option>
      <option value="2000">2,000 samples</option><option value="8000">8,000, a second</option></select></label>
    <input type="number" step="1" min="1" max="99999" aria-label="Number of layers" data-part="guess">
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <p class="paths-answer" aria-live="polite" data-part="answer"></p>`;

const several = (count, thing) => `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const controls = [...el.querySelectorAll("[data-set]")];
  const state = () => Object.fromEntries(controls.map(({ dataset }) => [dataset.set, model.get(dataset.set)]));

  /** Draw a row of squares for every level, the chosen output on top, and bars for the paths below. */
  function picture({ schedule, layers, taps, causal }) {
    const list = dilations(schedule, layers);
    const found = levels(list, taps, causal);
    const last = causal ? 0 : SHOWN / 2; // the column on the right, counted from the output
    const across = (place) => SHOWN - 0.5 + place - last;
    const shown = (place) => place > last - SHOWN && place <= last;
    const height = (level) => 0.6 + (level * 7.6) / layers;
    const lines = found.slice(0, -1).flatMap((row, level) => row.flatMap(([place]) =>
      steps(list[layers - 1 - level], taps, causal).map((step) =>
        `<line x1="${across(place)}" y1="${height(level)}" x2="${across(place + step)}" y2="${height(level + 1)}"/>`)));
    const squares = found.flatMap((row, level) => {
      const reached = new Set(row.map(([place]) => place));
      return Array.from({ length: SHOWN }, (_, n) => {
        const place = n - SHOWN + 1 + last;
        const kind = !reached.has(place) ? "pyramid-off" : place > 0 ? "paths-leak" : "pyramid-on";
        return `<rect class="${kind}" x="${n + 0.12}" y="${height(level) - 0.38}" width="0.76" height="0.76" rx="0.14"/>`;
      });
    });
    const most = Math.max(...found.at(-1).map(([, count]) => count));
    const bars = found.at(-1).filter(([place]) => shown(place)).map(([place, count]) => {
      const tall = (2.2 * count) / most;
      return `<rect class="paths-bar${place > 0 ? " paths-leak" : ""}" x="${across(place) - 0.38}" y="${9 + 2.2 - tall}"`
        + ` width="0.76" height="${tall}"/><text x="${across(place)}" y="11.9">${count}</text>`;
    });
    const words = found.at(-1).map(([place, count]) => `${place}: ${count}`).join(", ");
    return `<svg class="moving-pyramid" viewBox="0 0 ${SHOWN} 12.3" role="img" aria-label="Paths from the output down`
      + ` to each input, by its place in time, 0 for now: ${words}">${lines.join("")}${squares.join("")}${bars.join("")}</svg>`;
  }

  function describe({ schedule, layers, taps, causal }) {
    const inputs = levels(dilations(schedule, layers), taps, causal).at(-1);
    const [first, last] = [inputs[0][0], inputs.at(-1)[0]];
    const most = Math.max(...inputs.map(([, count]) => count));
    const future = inputs.filter(([place]) => place > 0).length;
    const holes = last - first + 1 - inputs.length;
    const told = `<strong>${several(taps ** layers, "path")}</strong>, ${taps} at each of ${several(layers, "layer")},`
      + ` end in <strong>${several(inputs.length, "sample")}</strong>`;
    if (future) return `${told}, ${future} of them in the future: this network is shown the very sample that it should guess.`;
    if (holes) {
      return `${told} of the last ${last - first + 1}; the ${holes} between them cannot be reached, whatever is learned.`;
    }
    return most === 1 ? `${told}, one each: nothing twice, nothing left out. As many layers and taps can never read more.`
      : `${told}, up to ${most} in the same one. None of them goes further back than ${several(-first, "sample")}.`;
  }

  function draw() {
    const now = state();
    for (const control of controls) {
      if (control.type === "checkbox") control.checked = now.causal;
      else control.value = now[control.dataset.set];
    }
    part("layers").textContent = now.layers;
    part("picture").innerHTML = picture(now);
    part("key").textContent = now.causal ? "Input, the last 32 samples; below, paths to each"
      : "Input, 16 past and 16 future samples; paths to each";
    part("seen").dataset.verdict = now.causal ? "" : "wrong";
    part("seen").innerHTML = `<p>${describe(now)}</p>`;
    part("answer").textContent = "The field is 1 + (K − 1) times the sum of all dilations.";
  }

  function answer(guess) {
    const { schedule, taps } = state();
    const samples = Number(part("goal").value);
    const { layers, span, reads } = needed(schedule, taps, samples);
    const flat = needed("all 1", taps, samples).layers;
    const before = guess === undefined ? "" : guess === layers ? "Right: " : guess > layers ? "Fewer: " : "More: ";
    part("answer").innerHTML = `${before}<strong>${several(layers, "layer")}</strong> span ${span.toLocaleString("en")}`
      + `${reads < span ? `, but read only ${reads.toLocaleString("en")} of them` : ""}.`
      + `${schedule === "all 1" ? " Try it with doubling." : ` With all dilations 1 it takes ${flat.toLocaleString("en")}.`}`;
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (!name) return;
    model.set(name, name === "causal" ? target.checked : name === "schedule" ? target.value : Number(target.value));
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isFinite(guess)) answer(guess);
    else part("answer").textContent = "Type a whole number of layers first.";
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "show") answer();
  });
  model.on("change", draw);
  draw();
}

export default { render };
