/* Four simple cells of one slant and the complex cell that pools them: a bar or a grating is turned and pushed before them. */

const WAVELENGTH = 6;
const RADIUS = 14;
const SIZE = 2 * RADIUS + 1;
const ACROSS = WAVELENGTH / 2;
const ALONG = 1.5 * ACROSS;
const REACH = 10; // pixels to either side
const BAR = 4;
const radians = (degrees) => (degrees * Math.PI) / 180;

/** Call a function with the place of every pixel along and across a slant; rows count downwards. */
function overPixels(degrees, value) {
  const [cosine, sine] = [Math.cos(radians(degrees)), Math.sin(radians(degrees))];
  return Array.from({ length: SIZE }, (_, row) => Array.from({ length: SIZE }, (_, column) => {
    const [x, y] = [column - RADIUS, RADIUS - row];
    return value(x * cosine + y * sine, y * cosine - x * sine);
  }));
}

const total = (map) => map.flat().reduce((sum, each) => sum + each, 0);

/** The field of an upright simple cell: a wave under a bell, with weights that add up to 0. */
export function field(phase) {
  const bell = overPixels(90, (along, across) => Math.exp(-0.5 * ((along / ALONG) ** 2 + (across / ACROSS) ** 2)));
  const wave = overPixels(90, (_, across) => Math.cos((2 * Math.PI * across) / WAVELENGTH + radians(phase)));
  const mean = total(bell.map((row, i) => row.map((each, j) => each * wave[i][j]))) / total(bell);
  return bell.map((row, i) => row.map((each, j) => (2 * each * (wave[i][j] - mean)) / total(bell)));
}

/** Draw a bar (1 on 0) or a grating (from -1 to 1) of a slant, pushed to its left by a shift in pixels. */
export function stimulus(kind, degrees, shift) {
  return overPixels(degrees, (_, across) => (kind === "grating" ? Math.cos((2 * Math.PI * (across - shift)) / WAVELENGTH)
    : Math.min(Math.max(BAR / 2 - Math.abs(across - shift) + 0.5, 0), 1)));
}

const EVEN = field(0);
const ODD = field(90);
const product = (weights, shown) => weights.map((row, i) => row.map((weight, j) => weight * shown[i][j]));

/** What the four simple cells, of phase 0, 90, 180 and 270 degrees, and the complex cell answer. */
export function responses(kind, degrees, shift) {
  const shown = stimulus(kind, degrees, shift);
  const [even, odd] = [total(product(EVEN, shown)), total(product(ODD, shown))];
  const simple = [even, odd, -even, -odd].map((sum) => Math.max(0, sum));
  return { sums: [even, odd, -even, -odd], simple, complex: Math.hypot(...simple) };
}

/** Push a stimulus through the field, half a pixel at a time, and note what one simple cell and the complex cell answer. */
export function sweep(kind, degrees, cell) {
  const all = Array.from({ length: 4 * REACH + 1 }, (_, n) => responses(kind, degrees, n / 2 - REACH));
  return { simple: all.map(({ simple }) => simple[cell]), complex: all.map(({ complex }) => complex) };
}

/** Over how many pixels an answer keeps at least half of its best. */
export function breadth(answers) {
  const best = Math.max(...answers);
  return answers.filter((each) => each > best / 2).length / 2;
}

const PHASES = ["0", "π/2", "π", "3π/2"];
const MARKUP = `
  <div class="moving-bar">
    <label>Show <select data-set="kind"><option value="bar">a bar</option>
      <option value="grating">a grating</option></select></label>
    <label>Phase φ of the simple cell <select data-set="cell">
      ${PHASES.map((phase, n) => `<option value="${n}">${phase}</option>`).join("")}</select></label>
  </div>
  <div class="moving-bar">
    <label class="moving-slider">Slant <input type="range" min="0" max="175" step="5" data-set="degrees">
      <output data-part="degrees"></output></label>
    <label class="moving-slider">Push <input type="range" min="${-REACH}" max="${REACH}" step="0.5" data-set="shift">
      <output data-part="shift"></output></label>
  </div>
  <div class="gabor-pictures">
    <div><p class="moving-name">Picture</p><div data-part="shown"></div></div>
    <div><p class="moving-name">Field</p><div data-part="field"></div></div>
    <div><p class="moving-name">Product</p><div data-part="product"></div></div>
  </div>
  <p class="boundary-key">Purple: light there excites the simple cell. Orange: it calms it.
    All of the product, summed, is its answer.</p>
  <div class="moving-row">
    <div class="gabor-curve"><p class="moving-name">Answers, pushed from −${REACH} to ${REACH} pixels</p>
      <div data-part="curve"></div>
      <p class="boundary-key">Solid: the complex cell. Dashed: the simple cell. Upright line: now.</p></div>
    <div class="gabor-side"><table class="moving-table"><caption>The four simple cells, now</caption>
      <thead><tr><th scope="col">Phase φ</th><th scope="col">Sum</th><th scope="col">Answer</th></tr></thead>
      <tbody data-part="cells"></tbody></table><p class="moving-sum gabor-sum" data-part="sum"></p></div>
  </div>
  <div class="moving-result gabor-result" role="status" aria-live="polite"></div>`;

const minus = (number) => String(number).replace("-", "−");
const written = (value) => minus((Math.round(value * 100) / 100 + 0).toFixed(2)); // + 0 makes -0 of rounding 0
const place = (shift) => (shift ? `${Math.abs(shift)} px ${shift > 0 ? "left" : "right"}` : "middle");

/** Draw a map of 29 by 29 pixels as one path for each of its shades; runs of a row are drawn at once. */
function pixels(map, shade, words) {
  const paths = new Map();
  map.forEach((row, y) => row.forEach((value, x) => {
    const now = shade(value);
    const runs = paths.get(now) ?? paths.set(now, []).get(now);
    const last = runs.at(-1);
    if (last && last.y === y && last.x + last.width === x) last.width++;
    else runs.push({ x, y, width: 1 });
  }));
  const outline = ({ x, y, width }) => `M${x} ${y}h${width}v1h-${width}z`;
  const drawn = [...paths].map(([now, runs]) => `<path ${now} d="${runs.map(outline).join("")}"/>`);
  return `<svg class="gabor-map" viewBox="0 0 ${SIZE} ${SIZE}" shape-rendering="crispEdges" role="img" aria-label="${words}">`
    + `${drawn.join("")}</svg>`;
}

const LARGEST = Math.max(...EVEN.flat().map(Math.abs));
const signed = (value) => {
  const part = Math.abs(value) / LARGEST;
  return `data-level="${part < 0.06 ? 0 : Math.sign(value) * Math.min(Math.ceil(3 * part), 3)}"`;
};
const grey = (least) => (value) => {
  const light = Math.round((9 * (value - least)) / (1 - least)) / 9;
  return `fill="rgb(${[0, 0, 0].map(() => Math.round(255 * light)).join(" ")})"`;
};

/** Draw both answers against the push. */
function curve({ simple, complex }, shift, top) {
  const points = (values) => values.map((value, n) => `${7.5 * n},${(110 - 100 * (value / top)).toFixed(1)}`).join(" ");
  const x = 15 * (shift + REACH);
  const range = (values) => `between ${written(Math.min(...values))} and ${written(Math.max(...values))}`;
  return `<svg class="gabor-plot" viewBox="-14 0 328 132" role="img"`
    + ` aria-label="The simple cell's answers lie ${range(simple)}, the complex cell's ${range(complex)}">`
    + `<line x1="0" x2="300" y1="110" y2="110"/><line class="gabor-now" x1="${x}" x2="${x}" y1="0" y2="110"/>`
    + `<polyline class="gabor-complex" points="${points(complex)}"/><polyline class="gabor-simple" points="${points(simple)}"/>`
    + `${[-10, -5, 0, 5, 10].map((at) => `<text x="${15 * (at + REACH)}" y="127">${minus(at)}</text>`).join("")}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);

  function draw() {
    const [kind, degrees, shift, cell] = ["kind", "degrees", "shift", "cell"].map((name) => model.get(name));
    for (const control of el.querySelectorAll("[data-set]")) control.value = model.get(control.dataset.set);
    part("degrees").textContent = `${degrees}°`;
    part("shift").textContent = place(shift);
    const shown = stimulus(kind, degrees, shift);
    const weights = field(90 * cell);
    const { sums, simple, complex } = responses(kind, degrees, shift);
    const words = [`A ${kind} of slant ${degrees} degrees, ${place(shift)}`,
      `Upright stripes under a bell, of phase ${PHASES[cell]}`];
    part("shown").innerHTML = pixels(shown, grey(kind === "bar" ? 0 : -1), words[0]);
    part("field").innerHTML = pixels(weights, signed, words[1]);
    part("product").innerHTML = pixels(product(weights, shown), signed, `Product of both; it adds up to ${written(sums[cell])}`);
    const squares = simple.filter((each) => each >= 0.005).map((each) => `${written(each)}²`);
    part("sum").textContent = `c = √(${squares.join(" + ") || 0}) = ${written(complex)}`;
    const swept = sweep(kind, degrees, cell);
    part("curve").innerHTML = curve(swept, shift, kind === "bar" ? 0.62 : 1.1);
    part("cells").innerHTML = PHASES.map((phase, n) => `<tr${n === cell ? ' class="gabor-chosen"' : ""}>
      <th scope="row">${phase}</th><td>${written(sums[n])}</td><td>${written(simple[n])}</td></tr>`).join("");
    const silent = swept.simple.filter((each) => each < 0.005).length;
    const range = [Math.min, Math.max].map((end) => written(end(...swept.complex)));
    const drift = kind === "grating"
      ? `Pushed on and on, the simple cell is silent at ${silent} of 41 places. The complex cell goes`
        + ` from ${range.join(" to ")}: it does not notice the push.`
      : `Pushed from end to end, the simple cell keeps half of its best over ${breadth(swept.simple)} pixels,`
        + ` the complex cell over ${breadth(swept.complex)}.`;
    const deaf = "At this slant neither answers, wherever you push it: the complex cell is generous about the place only.";
    el.querySelector(".moving-result").innerHTML = `<p>Now the simple cell answers <strong>${written(simple[cell])}</strong>,`
      + ` the complex one <strong>${written(complex)}</strong>.</p><p>${range[1] < 0.05 ? deaf : drift}</p>`;
  }

  el.addEventListener("input", ({ target }) => {
    const { set } = target.dataset;
    if (set) model.set(set, set === "kind" ? target.value : Number(target.value));
  });
  model.on("change", draw);
  draw();
}

export default { render };
