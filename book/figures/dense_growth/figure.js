/* A DenseNet of three blocks, and its residual twin: as deep, and in each stage as wide as the dense block becomes. */

const [FIRST, CLASSES, SIDES] = [16, 10, [32, 16, 8]]; // maps that enter the first block; sides of the maps

/** What each layer of each block reads, and what the blocks end with. */
export function reads({ growth, layers, compression }) {
  let maps = FIRST;
  return SIDES.map(() => {
    const rows = Array.from({ length: layers }, (_, n) => maps + n * growth);
    const end = maps + layers * growth;
    maps = Math.max(1, Math.floor(compression * end));
    return { rows, end, kept: maps };
  });
}

/** Add up parameters, multiply-adds and kept numbers, part by part; a net is entered by an image and ends in a mean. */
function counter() {
  const total = { parameters: 0, multiplyAdds: 0, kept: 3 * SIDES[0] ** 2 };
  const keep = (maps, side) => { total.kept += maps * side ** 2; };
  const convolution = (kernel, from, to, side) => {
    total.parameters += kernel ** 2 * from * to;
    total.multiplyAdds += kernel ** 2 * from * to * side ** 2;
    keep(to, side);
  };
  const norm = (maps, side) => {
    total.parameters += 2 * maps;
    keep(maps, side);
  };
  const end = (maps) => {
    total.parameters += (maps + 1) * CLASSES;
    total.multiplyAdds += maps * CLASSES;
    total.kept += 2 * maps + CLASSES;
    return total;
  };
  return { keep, convolution, norm, end };
}

/** Cost of the dense net: normalise, rectify, convolve, concatenate; between blocks a 1x1 convolution and a mean. */
export function dense(setting) {
  const { keep, convolution, norm, end } = counter();
  const blocks = reads(setting);
  convolution(3, 3, FIRST, SIDES[0]);
  blocks.forEach(({ rows, end: last, kept }, n) => {
    for (const maps of rows) {
      norm(maps, SIDES[n]);
      keep(maps, SIDES[n]);
      convolution(3, maps, setting.growth, SIDES[n]);
      keep(maps + setting.growth, SIDES[n]);
    }
    norm(last, SIDES[n]);
    keep(last, SIDES[n]);
    if (n === SIDES.length - 1) return;
    convolution(1, last, kept, SIDES[n]);
    keep(kept, SIDES[n + 1]);
  });
  return end(blocks.at(-1).end);
}

/** Cost of the twin: blocks of two 3x3 convolutions, shortcuts without parameters, as many layers as the dense blocks. */
export function residual(setting) {
  const { keep, convolution, norm, end } = counter();
  const widths = reads(setting).map((block) => block.end);
  const layer = (from, to, side) => {
    convolution(3, from, to, side);
    norm(to, side);
  };
  layer(3, widths[0], SIDES[0]);
  keep(widths[0], SIDES[0]);
  widths.forEach((maps, n) => {
    for (let block = 0; block < setting.layers / 2; block++) {
      const enters = block === 0 && n ? widths[n - 1] : maps;
      layer(enters, maps, SIDES[n]);
      keep(maps, SIDES[n]); // rectified
      layer(maps, maps, SIDES[n]);
      if (block === 0 && n) keep(maps, SIDES[n]); // a shortcut that changes the shape
      keep(maps, SIDES[n]); // the sum
      keep(maps, SIDES[n]); // rectified
    }
  });
  return end(widths.at(-1));
}

const [WIDE, HIGH, BETWEEN, NEAR] = [600, 190, 24, 0.25]; // of the picture; a guess is right within NEAR
const COSTS = [["parameters", "Parameters"], ["multiplyAdds", "Multiply-adds"], ["kept", "Numbers kept"]];
const MARKUP = `
  <div class="moving-fields dense-fields">
    <label><span>Growth rate <var>k</var> = <strong data-part="growth"></strong></span>
      <input type="range" min="4" max="40" step="4" data-set="growth"></label>
    <label><span>Layers in a block: <strong data-part="layers"></strong></span>
      <input type="range" min="2" max="24" step="2" data-set="layers"></label>
    <label><span>A transition keeps <strong data-part="compression"></strong></span>
      <input type="range" min="0.25" max="1" step="0.25" data-set="compression"></label>
  </div>
  <p class="moving-name">Maps: what each layer reads (bar), what it makes (tip), and its residual twin (dashed)</p>
  <div data-part="picture"></div>
  <form class="moving-bar">
    <label>Parameters of the twin: how many times as many? <input type="number" min="0" step="any" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <div class="moving-result dense-result" role="status" aria-live="polite"></div>
  <div data-part="table"></div>`;

const times = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));

function large(value) {
  const [size, unit] = value >= 1e9 ? [1e9, " G"] : value >= 1e6 ? [1e6, " M"] : [1e3, " k"];
  return `${Number((value / size).toPrecision(3))}${unit}`;
}

/** Draw a bar for every layer, its own maps on top, and around each block the maps that every layer of the twin makes. */
function picture({ growth, layers }, blocks) {
  const most = Math.max(...blocks.map((block) => block.end));
  const wide = (WIDE - 2 * BETWEEN) / 3;
  const step = wide / layers;
  const up = (maps) => (HIGH * maps) / most;
  const drawn = blocks.map(({ rows, end }, n) => {
    const left = n * (wide + BETWEEN);
    const bars = rows.map((maps, l) => {
      const [x, bar] = [left + (l + 0.08) * step, 0.84 * step];
      return `<rect class="dense-reads" x="${x}" y="${HIGH - up(maps)}" width="${bar}" height="${up(maps)}"/>`
        + `<rect class="dense-makes" x="${x}" y="${HIGH - up(maps + growth)}" width="${bar}" height="${up(growth)}"/>`;
    });
    return `<rect class="dense-twin" x="${left}" y="${HIGH - up(end)}" width="${wide}" height="${up(end)}"/>${bars.join("")}`
      + `<text x="${left + wide / 2}" y="${HIGH - up(end) - 16}">${end} maps</text>`
      + `<text class="dense-side" x="${left + wide / 2}" y="${HIGH + 18}">${SIDES[n]} × ${SIDES[n]}</text>`;
  });
  const words = blocks.map(({ rows, end }, n) =>
    `block ${n + 1}, its layers read ${rows[0]} to ${rows.at(-1)} maps, it ends with ${end}`).join("; ");
  return `<svg class="dense" viewBox="-6 -34 ${WIDE + 12} ${HIGH + 70}" role="img" aria-label="Bars for ${layers} layers`
    + ` in each of three blocks, which make ${growth} maps each: ${words}">${drawn.join("")}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const result = el.querySelector(".moving-result");
  const names = ["growth", "layers", "compression"];
  let open = false;

  function draw(guess) {
    const setting = Object.fromEntries(names.map((name) => [name, model.get(name)]));
    const { growth, layers } = setting;
    const [blocks, ours, twin] = [reads(setting), dense(setting), residual(setting)];
    for (const name of names) el.querySelector(`[data-set="${name}"]`).value = setting[name];
    part("growth").textContent = growth;
    part("layers").textContent = layers;
    part("compression").textContent = `${setting.compression * 100}%`;
    part("picture").innerHTML = picture(setting, blocks);
    const rows = COSTS.map(([name, words]) => {
      const others = open ? [large(twin[name]), times(twin[name] / ours[name])] : ["?", "?"];
      return `<tr><th scope="row">${words}</th>${[large(ours[name]), ...others].map((each) => `<td>${each}</td>`).join("")}</tr>`;
    });
    const head = ["Cost", "Dense", "Twin", "Times"].map((each) => `<th scope="col">${each}</th>`);
    part("table").innerHTML = `<table class="moving-table"><caption>DenseNet-${3 * layers + 4} and its twin</caption>`
      + `<thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
    el.querySelector('[data-do="show"]').textContent = open ? "Hide it" : "Show it";
    const ratio = twin.parameters / ours.parameters;
    const right = guess !== undefined && Math.abs(guess / ratio - 1) <= NEAR;
    result.dataset.verdict = guess === undefined ? "" : right ? "right" : "wrong";
    if (!open) {
      result.innerHTML = "<p>The twin is a residual net, as deep, and in each stage as wide as the dense block is at its end.</p>"
        + "<p>Its boxes are hardly larger than the bars. Does it cost hardly more?</p>";
      return;
    }
    const before = guess === undefined ? "The twin" : right ? "Right: the twin" : "Not quite: the twin";
    result.innerHTML = `<p>${before} has <strong>${times(ratio)} times</strong> as many. Each of its last layers makes all`
      + ` ${blocks.at(-1).end} maps anew, a dense layer makes ${growth} and leaves the others as they are.</p>`
      + `<p>It keeps only <strong>${times(twin.kept / ours.kept)}</strong> times as many numbers for training:`
      + " what a dense net saves is weights, not memory.</p>";
  }

  el.addEventListener("input", ({ target }) => {
    if (!target.dataset.set) return;
    model.set(target.dataset.set, target.valueAsNumber);
    draw();
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    open ||= Number.isFinite(guess);
    if (Number.isFinite(guess)) draw(guess);
    else result.innerHTML = "<p>Type a number first, such as 2.</p>";
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do !== "show") return;
    open = !open;
    draw();
  });
  draw();
}

export default { render };
