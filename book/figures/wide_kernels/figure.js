/* MobileNet with kernels of any size: the work of its thirteen blocks, taken apart, beside that of usual convolutions. */

// Maps and stride of the blocks, as the chapter's table has them.
const BLOCKS = [[64, 1], [128, 2], [128, 1], [256, 2], [256, 1], [512, 2],
  ...Array.from({ length: 5 }, () => [512, 1]), [1024, 2], [1024, 1]];
const [FIRST, CLASSES] = [32, 1000];

/** Multiply-adds and weights of every block, in its two steps and as one usual convolution. */
export function blocks({ kernel, width, size }) {
  let [maps, side] = [FIRST * width, Math.ceil(size / 2)];
  return BLOCKS.map(([published, stride]) => {
    const [from, to] = [maps, published * width];
    [maps, side] = [to, Math.ceil(side / stride)];
    const weights = { depthwise: kernel ** 2 * from, pointwise: from * to, usual: kernel ** 2 * from * to };
    const work = Object.fromEntries(Object.entries(weights).map(([step, count]) => [step, count * side ** 2]));
    return { to, side, weights, work };
  });
}

/** Both networks whole: the first convolution, always 3x3, the blocks, and the affine layer, without biases. */
export function totals(setting) {
  const all = blocks(setting);
  const stem = 27 * FIRST * setting.width;
  const affine = all.at(-1).to * CLASSES;
  const sum = (kind, steps) => all.flatMap((block) => steps.map((step) => block[kind][step])).reduce((a, b) => a + b, affine);
  const whole = (steps) => ({
    work: sum("work", steps) + stem * Math.ceil(setting.size / 2) ** 2,
    weights: sum("weights", steps) + stem,
  });
  return { separable: whole(["depthwise", "pointwise"]), usual: whole(["usual"]) };
}

export function ratio(filters, kernel) {
  return (filters + kernel ** 2) / (filters * kernel ** 2); // per output channel and per weight of a window
}

const [WIDE, HIGH, NEAR] = [600, 190, 0.1]; // of the picture; a guess is right within NEAR
const MARKUP = `
  <div class="moving-fields kernels-fields">
    <label><span>Kernels <strong data-part="kernel"></strong></span>
      <input type="range" min="5" max="11" step="2" data-set="kernel"></label>
    <label><span>Width <var>α</var> = <strong data-part="width"></strong></span>
      <input type="range" min="0.25" max="1" step="0.25" data-set="width"></label>
    <label><span>Resolution <strong data-part="size"></strong></span>
      <input type="range" min="96" max="224" step="32" data-set="size"></label>
  </div>
  <p class="moving-name">Work of MobileNet's 13 blocks: pointwise (below), depthwise (tips)</p>
  <div data-part="picture"></div>
  <form class="moving-bar">
    <label><span data-part="question"></span> <input type="number" min="0" step="any" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <div class="moving-result kernels-result" role="status" aria-live="polite"></div>
  <div data-part="table"></div>`;

function large(value) {
  const [size, unit] = value >= 9.995e8 ? [1e9, " G"] : [1e6, " M"];
  return `${Number((value / size).toPrecision(3))}${unit}`;
}

const side = (kernel) => `${kernel}\u00a0×\u00a0${kernel}`; // not to be broken
const largest = Math.max(...blocks({ kernel: 11, width: 1, size: 224 }).map(({ work }) => work.depthwise + work.pointwise));

/** Draw the blocks on a fixed scale; what the larger kernels add is drawn once it is shown. */
function picture(small, grown, open, words) {
  const step = WIDE / small.length;
  const up = (work) => (HIGH * work) / largest;
  const bars = small.flatMap(({ work }, n) => {
    const rect = (kind, from, to) => `<rect class="kernels-${kind}" x="${(n + 0.1) * step}" y="${HIGH - up(to)}"`
      + ` width="${0.8 * step}" height="${up(to - from)}"/>`;
    const [point, three] = [work.pointwise, work.pointwise + work.depthwise];
    const more = grown[n].work.depthwise + point;
    return [rect("point", 0, point), rect("three", point, three), open ? rect("more", three, more) : ""];
  });
  const names = small.map(({ side: maps }, n) => (n && small[n - 1].side === maps ? ""
    : `<text${n === 1 ? ' class="kernels-crowded"' : ""} x="${(n + 0.1) * step}" y="${HIGH + 18}">${maps}²</text>`));
  return `<svg class="kernels" viewBox="-6 -6 ${WIDE + 12} ${HIGH + 42}" role="img" aria-label="${words}">`
    + `${bars.join("")}${names.join("")}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const result = el.querySelector(".moving-result");
  const names = ["kernel", "width", "size"];
  let open = false;

  function draw(guess) {
    const setting = Object.fromEntries(names.map((name) => [name, model.get(name)]));
    const { kernel, width, size } = setting;
    const filters = 512 * width; // of the blocks in the middle
    const [small, grown] = [blocks({ ...setting, kernel: 3 }), blocks(setting)];
    const [before, after] = [totals({ ...setting, kernel: 3 }), totals(setting)];
    const [less, more] = [after.separable.work / before.separable.work, after.usual.work / before.usual.work];
    for (const name of names) el.querySelector(`[data-set="${name}"]`).value = setting[name];
    part("kernel").textContent = side(kernel);
    part("width").textContent = width;
    part("size").textContent = side(size);
    const sum = (list, step) => list.reduce((total, block) => total + block.work[step], 0);
    part("picture").innerHTML = picture(small, grown, open, "Bars of the work of 13 blocks, together"
      + ` ${large(sum(small, "pointwise"))} pointwise and ${large(sum(small, "depthwise"))} depthwise with 3 by 3 kernels`
      + (open ? `, ${large(sum(grown, "depthwise"))} with ${kernel} by ${kernel}` : ""));
    part("question").textContent = `3 × 3 to ${side(kernel)}: how many times the work?`;
    const rows = [
      [`Work, ${side(3)}`, before.usual.work, before.separable.work, true],
      [`Work, ${side(kernel)}`, after.usual.work, after.separable.work, open],
      [`Weights, ${side(kernel)}`, after.usual.weights, after.separable.weights, open],
    ].map(([words, usual, apart, shown]) => {
      const numbers = [large(usual), ...(shown ? [large(apart), (apart / usual).toFixed(3)] : ["?", "?"])];
      return `<tr><th scope="row">${words}</th>${numbers.map((each) => `<td>${each}</td>`).join("")}</tr>`;
    });
    const head = ["MobileNet", "Usual", "Apart", "Ratio"].map((each) => `<th scope="col">${each}</th>`);
    part("table").innerHTML = `<table class="moving-table"><caption>1/F + 1/K² with F = ${filters}:`
      + ` ${ratio(filters, 3).toFixed(3)} for 3 × 3, ${ratio(filters, kernel).toFixed(3)} for ${side(kernel)}</caption>`
      + `<thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
    el.querySelector('[data-do="show"]').textContent = open ? "Hide it" : "Show it";
    const right = guess !== undefined && Math.abs(guess / less - 1) <= NEAR;
    result.dataset.verdict = guess === undefined ? "" : right ? "right" : "wrong";
    const start = guess === undefined ? "" : right ? "Right: " : "Not quite: ";
    const share = (100 * sum(small, "depthwise")) / before.separable.work;
    result.innerHTML = open
      ? `<p>${start}<strong>${less.toFixed(2)} times</strong>: ${large(before.separable.work)} multiply-adds become`
        + ` ${large(after.separable.work)}. With usual convolutions it would be ${more.toFixed(1)} times.</p>`
        + `<p>Only the depthwise step has K² in it, with 3 × 3 just ${share.toFixed(0)}% of the work:`
        + ` a wide look is ${less < 1.25 ? "nearly free" : "cheap, most of all in a wide network"}.</p>`
      : `<p>A ${side(kernel)} kernel has ${kernel ** 2} numbers where 3 × 3 has 9. In a network of usual convolutions that is`
        + ` ${more.toFixed(1)} times the work.</p><p>And in MobileNet, which takes them apart?</p>`;
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
