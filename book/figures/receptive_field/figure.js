/* Layers stacked on a row of pixels: how large each map is, how far its outputs see, and which pixels one output reads. */

/** Follow map, field, jump and start along one axis; an entry is null from the first window that does not fit on. */
export function fields(layers, pixels) {
  let now = { map: pixels, size: 1, jump: 1, start: 0 };
  return layers.map(({ kernel, stride, pad, dilation }) => {
    const room = now === null ? -1 : now.map + 2 * pad - (dilation * (kernel - 1) + 1);
    now = room < 0 ? null : {
      map: Math.floor(room / stride) + 1,
      size: now.size + (kernel - 1) * dilation * now.jump,
      start: now.start - pad * now.jump,
      jump: now.jump * stride,
    };
    return now;
  });
}

/** Return, from the image up, the units of every level on which one output of the last layer depends. */
export function levels(layers, pixels, output) {
  const found = fields(layers, pixels);
  let units = [output];
  const up = [units];
  for (let n = layers.length - 1; n >= 0; n--) {
    const { kernel, stride, pad, dilation } = layers[n];
    const below = n ? found[n - 1].map : pixels;
    const taps = units.flatMap((unit) => Array.from({ length: kernel }, (_, k) => unit * stride - pad + k * dilation));
    units = [...new Set(taps)].filter((tap) => tap >= 0 && tap < below).sort((a, b) => a - b);
    up.unshift(units);
  }
  return up;
}

export function seen(layers, pixels, output) {
  return levels(layers, pixels, output)[0];
}

/** Count for every pixel the paths on which it reaches one output. */
export function pathCounts(layers, pixels, output) {
  const found = fields(layers, pixels);
  let counts = Array.from({ length: found.at(-1)?.map ?? pixels }, (_, unit) => Number(unit === output));
  for (let n = layers.length - 1; n >= 0; n--) {
    const { kernel, stride, pad, dilation } = layers[n];
    const below = Array(n ? found[n - 1].map : pixels).fill(0);
    counts.forEach((count, unit) => {
      for (let k = 0; k < kernel; k++) {
        const tap = unit * stride - pad + k * dilation;
        if (tap in below) below[tap] += count;
      }
    });
    counts = below;
  }
  return counts;
}

/** Count the weights of a stack with C maps everywhere, and of the two that span as much at stride 1, in C². */
export function weights(layers, span) {
  const own = layers.reduce((sum, { kernel }) => sum + kernel ** 2, 0);
  return { own, single: span ** 2, threes: span % 2 ? (9 * (span - 1)) / 2 : null };
}

const MOST_LAYERS = 7;
const NEW = [["kernel", "Kernel", 1, 9, 3], ["stride", "Stride", 1, 4, 1], ["pad", "Padding", 0, 8, 1], ["dilation", "Dilation", 1, 8, 1]];
const MARKUP = `
  <form class="moving-fields">${NEW.map(([name, label, least, most, first]) =>
    `<label>${label} <input type="number" step="1" min="${least}" max="${most}" value="${first}" data-new="${name}" required></label>`).join("")}</form>
  <div class="moving-bar">
    <button type="button" class="moving-main" data-do="add">Add this layer</button>
    <button type="button" data-do="remove">Remove the last</button>
    <button type="button" data-do="reset">Start again</button>
    <label class="moving-slider">Output <input type="range" min="0" data-set="output"> <output data-part="output"></output></label>
  </div>
  <div class="moving-pyramid" data-part="picture"></div>
  <div class="moving-result" role="status" aria-live="polite"></div>
  <div data-part="table"></div>`;

const minus = (number) => String(number).replace("-", "−");
const dots = (n) => (n === 1 ? "1 pixel" : `${n} pixels`);

/** Draw every level as a row of squares, each at the middle of its field; what the chosen output reads is filled.
    With `counts`, the paths to each pixel stand below it. */
function pyramid(layers, pixels, output, counts) {
  const found = [{ map: pixels, size: 1, jump: 1, start: 0 }, ...fields(layers, pixels)];
  const marked = levels(layers, pixels, output);
  const middle = (level, unit) => found[level].start + unit * found[level].jump + found[level].size / 2;
  const height = (level) => (found.length - 1 - level) * 2 + 0.9;
  const lines = layers.flatMap(({ kernel, stride, pad, dilation }, n) => marked[n + 1].flatMap((unit) =>
    Array.from({ length: kernel }, (_, k) => unit * stride - pad + k * dilation)
      .filter((tap) => tap >= 0 && tap < found[n].map)
      .map((tap) => `<line x1="${middle(n + 1, unit)}" y1="${height(n + 1)}" x2="${middle(n, tap)}" y2="${height(n)}"/>`)));
  const squares = found.flatMap(({ map }, level) => Array.from({ length: map }, (_, unit) => {
    const x = middle(level, unit);
    if (x < -1 || x > pixels + 1) return "";
    return `<rect class="${marked[level].includes(unit) ? "pyramid-on" : "pyramid-off"}" x="${x - 0.4}" y="${height(level) - 0.4}" width="0.8" height="0.8" rx="0.14"/>`;
  }));
  const numbers = (counts || []).map((count, pixel) =>
    `<text x="${pixel + 0.5}" y="${height(0) + 1}">${count || ""}</text>`);
  const paths = counts ? `; the paths to the pixels are ${counts.join(", ")}` : "";
  const shape = `${counts ? 'class="pyramid-paths" ' : ""}viewBox="-1.4 0 ${pixels + 2.8} ${height(0) + (counts ? 1.6 : 0.8)}"`;
  const words = `${found.length} rows of squares, the image at the bottom; filled are the units that output ${output} of the top row`
    + ` depends on${paths}`;
  return `<svg ${shape} role="img" aria-label="${words}">${[...lines, ...squares, ...numbers].join("")}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const slider = el.querySelector('[data-set="output"]');
  const first = { layers: model.get("layers"), output: model.get("output") };

  function describe(layers, pixels, output) {
    const last = fields(layers, pixels).at(-1);
    const found = seen(layers, pixels, output);
    const begins = last.start + output * last.jump;
    const holes = found.length ? found.at(-1) - found[0] + 1 - found.length : 0;
    const sees = found.length
      ? `sees <strong>${dots(found.length)}</strong>, ${found[0]} to ${found.at(-1)}${holes ? `, and skips ${dots(holes)} between them` : ""}`
      : "sees padding only";
    return `Output ${output} of layer ${layers.length} ${sees}. By the formula its field spans ${last.size}, from ${minus(last.start)} + ${output} · ${last.jump} = ${minus(begins)}`
      + `${begins < 0 || begins + last.size > pixels ? "; what lies outside of the image is padding" : ""}.`;
  }

  /** Weigh the stack, the chapter's sum, and count its paths; for the variant that asks what a stack costs. */
  function weigh(layers, pixels, output) {
    const { own, single, threes } = weights(layers, fields(layers, pixels).at(-1).size);
    const span = Math.sqrt(single);
    const sum = layers.length > 1 ? `${layers.map(({ kernel }) => kernel ** 2).join(" + ")} = ` : "";
    const relus = layers.length === 1 ? "one ReLU" : `${layers.length} ReLUs`;
    const other = layers.some(({ stride }) => stride > 1) ? "The strides make it a smaller map, so nothing compares"
      : threes === null ? "No stack of 3 × 3 spans as much" : span < 5 ? "Nothing cheaper sees as many pixels"
        : own === threes ? `One of ${span} × ${span} spans as much with ${single} C², ${Math.round(100 * (single / own - 1))}% more`
          : `A stack of ${(span - 1) / 2} layers of 3 × 3 spans as much with ${threes} C²`;
    const counts = pathCounts(layers, pixels, output);
    const all = counts.filter(Boolean);
    const paths = new Set(all).size > 1
      ? `<strong>${Math.max(...all)} paths</strong> lead to the pixel that counts most, ${Math.min(...all)} to the one that counts least`
      : !all.length ? "No path leads to a pixel" : `${all[0] === 1 ? "A single path leads" : `${all[0]} paths lead`} to each pixel that it sees`;
    return `<p class="moving-sum">weights: ${sum}<strong>${own} C²</strong>, with ${relus}</p><p>${other}. ${paths}.</p>`;
  }

  function draw() {
    const { layers, pixels } = { layers: model.get("layers"), pixels: model.get("pixels") };
    const rows = fields(layers, pixels);
    const outputs = layers.length ? rows.at(-1).map : pixels;
    const output = Math.min(model.get("output"), outputs - 1);
    slider.max = outputs - 1;
    slider.value = output;
    part("output").textContent = `${output} of 0 to ${outputs - 1}`;
    part("picture").innerHTML = pyramid(layers, pixels, output, model.get("weighed") && pathCounts(layers, pixels, output));
    part("table").innerHTML = `<table class="moving-table"><caption>On ${pixels} pixels; K, S, P, D are kernel, stride, padding, dilation</caption><thead><tr>
      ${["K, S, P, D", "Map", "Field", "Jump", "Start"].map((each) => `<th scope="col">${each}</th>`).join("")}</tr></thead><tbody>
      ${layers.map((each, n) => `<tr><th scope="row">${each.kernel}, ${each.stride}, ${each.pad}, ${each.dilation}</th><td>${rows[n].map}</td><td>${rows[n].size}</td><td>${rows[n].jump}</td><td>${minus(rows[n].start)}</td></tr>`).join("")}</tbody></table>`;
    say(layers.length ? describe(layers, pixels, output) : "No layer yet: each pixel sees itself.", "",
      layers.length && model.get("weighed") ? weigh(layers, pixels, output) : "");
  }

  function say(sentence, verdict = "", more = "") {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = `<p>${sentence}</p>${more}`;
  }

  function add() {
    const inputs = [...el.querySelectorAll("[data-new]")];
    if (!inputs.every((each) => each.reportValidity())) return;
    const layers = [...model.get("layers"), Object.fromEntries(inputs.map((each) => [each.dataset.new, each.valueAsNumber]))];
    if (layers.length > MOST_LAYERS) say(`${MOST_LAYERS} layers are all that this figure draws. Remove one first.`, "wrong");
    else if (fields(layers, model.get("pixels")).at(-1) === null) say("That window is larger than the map below it. Take a smaller kernel or more padding.", "wrong");
    else model.set({ layers, output: Math.floor((fields(layers, model.get("pixels")).at(-1).map - 1) / 2) });
  }

  el.addEventListener("submit", (event) => {
    event.preventDefault();
    add();
  });
  el.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.dataset.new) {
      event.preventDefault();
      add();
    }
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "add") add();
    if (target.dataset.do === "remove") model.set("layers", model.get("layers").slice(0, -1));
    if (target.dataset.do === "reset") model.set(first);
  });
  slider.addEventListener("input", () => model.set("output", slider.valueAsNumber));
  model.on("change", draw);
  draw();
}

export default { render };
