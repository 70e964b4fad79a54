/* A two-layer network learns one of three hard cases in the plane, and the reader watches its border. Every start is a number. */

const MOMENTUM = 0.9;

/** Return a source of numbers between 0 and 1; the same seed gives the same numbers as in Python. */
function uniform(seed) {
  let state = Math.imul(seed, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Draw the first weights, uniform with He's variance; without hidden units only the second layer is there. */
export function firstWeights(hidden, seed) {
  const next = uniform(seed);
  const weights = (rows, columns) =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.sqrt(6 / rows) * (2 * next() - 1)));
  const first = hidden ? { W1: weights(2, hidden), b1: Array(hidden).fill(0) } : {};
  return { ...first, W2: weights(hidden || 2, 2), b2: [0, 0] };
}

const affine = (x, W, b) => x.map((row) => b.map((bias, j) => row.reduce((sum, value, i) => sum + value * W[i][j], bias)));
const sums = (d) => d[0].map((_, j) => d.reduce((sum, row) => sum + row[j], 0));
const products = (x, d) => x[0].map((_, i) => d[0].map((_, j) => d.reduce((sum, row, n) => sum + x[n][i] * row[j], 0)));
const back = (d, W) => d.map((row) => W.map((weights) => weights.reduce((sum, weight, j) => sum + weight * row[j], 0)));
const bent = (z, units) => z.map((row) => row.map((value) => (units === "tanh" ? Math.tanh(value) : Math.max(value, 0))));

export function scores(net, units, x) {
  return affine(net.W1 ? bent(affine(x, net.W1, net.b1), units) : x, net.W2, net.b2);
}

/** Return the mean cross-entropy of softmax, and its gradient for every parameter. */
export function lossAndGradients(net, units, x, y) {
  const z = net.W1 && affine(x, net.W1, net.b1);
  const h = z ? bent(z, units) : x;
  let loss = 0;
  const ds = affine(h, net.W2, net.b2).map((row, n) => {
    const top = Math.max(...row);
    const powers = row.map((score) => Math.exp(score - top));
    const total = powers.reduce((sum, power) => sum + power);
    loss += (Math.log(total) + top - row[y[n]]) / y.length;
    return powers.map((power, c) => (power / total - (c === y[n] ? 1 : 0)) / y.length);
  });
  const second = { W2: products(h, ds), b2: sums(ds) };
  if (!z) return { loss, gradients: second };
  const dz = back(ds, net.W2).map((row, n) => row.map((value, i) =>
    value * (units === "tanh" ? 1 - h[n][i] ** 2 : Number(z[n][i] > 0))));
  return { loss, gradients: { W1: products(x, dz), b1: sums(dz), ...second } };
}

const together = (a, b, change) => (Array.isArray(a) ? a.map((each, i) => together(each, b[i], change)) : change(a, b));

/** Make steps of gradient descent with momentum, each with all points. A run is { net, velocity, losses }. */
export function train({ net, velocity, losses }, units, x, y, lr, steps) {
  const found = [...losses];
  for (let step = 0; step < steps; step++) {
    const { loss, gradients } = lossAndGradients(net, units, x, y);
    found.push(loss);
    const names = Object.keys(net);
    velocity = Object.fromEntries(names.map((name) =>
      [name, velocity ? together(velocity[name], gradients[name], (v, g) => MOMENTUM * v + g) : gradients[name]]));
    net = Object.fromEntries(names.map((name) => [name, together(net[name], velocity[name], (w, v) => w - lr * v)]));
  }
  return { net, velocity, losses: found };
}

/** Count the points of each class that are on their side. */
export function right(net, units, x, y) {
  const counts = [0, 0];
  scores(net, units, x).forEach(([dots, triangles], n) => {
    if (Number(triangles > dots) === y[n]) counts[y[n]] += 1;
  });
  return counts;
}

/** Return the belief in class 0 minus that in class 1, from -1 to 1. It makes no arrays, for it runs for every pixel. */
export function belief(net, units, u, v) {
  let margin = net.b2[0] - net.b2[1];
  if (net.W1) {
    for (let i = 0; i < net.b1.length; i++) {
      const z = u * net.W1[0][i] + v * net.W1[1][i] + net.b1[i];
      margin += (units === "tanh" ? Math.tanh(z) : Math.max(z, 0)) * (net.W2[i][0] - net.W2[i][1]);
    }
  } else margin += u * (net.W2[0][0] - net.W2[0][1]) + v * (net.W2[1][0] - net.W2[1][1]);
  return Math.tanh(margin / 2);
}

/** Follow the places where a lattice of values changes its sign, as pieces of line; entry (i, j) lies at half units. */
function border(values) {
  const pieces = [];
  for (let j = 0; j + 1 < values.length; j++) {
    for (let i = 0; i + 1 < values[j].length; i++) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const found = corners.map(([x, y]) => values[y][x]);
      const cuts = corners.flatMap(([x, y], n) => {
        const m = (n + 1) % 4;
        if (found[n] >= 0 === found[m] >= 0) return [];
        const share = found[n] / (found[n] - found[m]);
        return [`${(x + 0.5 + share * (corners[m][0] - x)).toFixed(2)} ${(y + 0.5 + share * (corners[m][1] - y)).toFixed(2)}`];
      });
      for (let n = 0; n + 1 < cuts.length; n += 2) pieces.push(`M${cuts[n]}L${cuts[n + 1]}`);
    }
  }
  return pieces.join("");
}

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];
const PIXELS = 120;
const AT_A_TIME = 3000; // after so many steps a run pauses by itself
const MARKUP = `
  <div class="moving-bar">
    <label>Case <select data-set="case">
      <option>quadrants</option><option>annulus</option><option>three-modes</option></select></label>
    <label class="moving-slider">Hidden units
      <input type="range" min="0" max="16" step="1" data-set="hidden"> <output data-part="hidden"></output></label>
    <label>Unit <select data-set="units"><option value="relu">ReLU</option><option>tanh</option></select></label>
    <label>Learning rate <select data-set="lr">${RATES.map((rate) => `<option>${rate}</option>`).join("")}</select></label>
  </div>
  <div class="moving-bar">
    <button type="button" class="moving-main" data-do="run">Start</button>
    <button type="button" data-do="step">Step</button>
    <button type="button" data-do="back">Back to step 0</button>
    <button type="button" data-do="new">New start</button>
  </div>
  <div class="moving-row boundary">
    <div class="boundary-plane">
      <canvas width="${PIXELS}" height="${PIXELS}" role="img"></canvas>
      <svg viewBox="0 0 100 100" aria-hidden="true"><g data-part="folds"></g>
        <path class="boundary-line" transform="scale(${100 / PIXELS})" data-part="border"/><g data-part="points"></g></svg>
    </div>
    <div class="boundary-side">
      <p class="moving-sum boundary-now" data-part="now"></p>
      <svg class="boundary-curve" viewBox="0 0 100 50" preserveAspectRatio="none" role="img" data-part="curve"></svg>
      <p class="boundary-key">The loss against the step; dashed, log 2, the price of knowing nothing.
        In the plane, thin lines are the folds of the hidden units.</p>
    </div>
  </div>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const button = el.querySelector('[data-do="run"]');
  const canvas = el.querySelector("canvas");
  const quiet = matchMedia("(prefers-reduced-motion: reduce)");
  let run; // { net, velocity, losses }
  let timer = 0;
  let spoken = 0; // when the result was last announced
  let limit = 0;

  const points = () => {
    const { x, y, edge } = model.get("points")[model.get("case")];
    return [x, y, edge];
  };
  const place = (u, v, edge) => [50 + (50 * u) / edge, 50 - (50 * v) / edge];

  /** Paint every pixel with its level on the diverging scale, draw the border, and return the share of the dots' side. */
  function paint() {
    const edge = points()[2];
    const style = getComputedStyle(el);
    const colour = (name) => style.getPropertyValue(`--moving-${name}`);
    const colours = ["minus-3", "minus-2", "minus-1", "zero", "plus-1", "plus-2", "plus-3"].map(colour);
    const context = canvas.getContext("2d");
    const middle = (pixel) => ((2 * pixel + 1) / PIXELS - 1) * edge;
    const values = Array.from({ length: PIXELS }, (_, row) =>
      Array.from({ length: PIXELS }, (_, column) => belief(run.net, model.get("units"), middle(column), -middle(row))));
    values.forEach((line, row) => {
      const kinds = line.map((value) => 3 + Math.sign(value) * Math.ceil(3 * Math.abs(value)));
      for (let from = 0, column = 1; column <= PIXELS; column++) { // neighbours of one colour in one piece
        if (kinds[column] === kinds[from]) continue;
        context.fillStyle = colours[kinds[from]];
        context.fillRect(from, row, column - from, 1);
        from = column;
      }
    });
    part("border").setAttribute("d", border(values));
    return values.flat().filter((value) => value >= 0).length / PIXELS ** 2;
  }

  function drawPoints() {
    const [x, y, edge] = points();
    const shapes = ["m-1.3 0a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z", "m-1.5 1.2h3l-1.5 -2.7z"]; // a dot and a triangle
    const drawn = (label) => x.filter((_, n) => y[n] === label)
      .map(([u, v]) => `M${place(u, v, edge).map((each) => each.toFixed(2)).join(" ")}${shapes[label]}`).join("");
    part("points").innerHTML = `<path class="boundary-zero" d="${drawn(0)}"/><path class="boundary-one" d="${drawn(1)}"/>`;
  }

  /** Draw where each hidden unit has z = 0, as far as that line crosses the square. */
  function drawFolds() {
    const [edge, { W1, b1 }] = [points()[2], run.net];
    part("folds").innerHTML = (b1 ?? []).map((b, i) => {
      const [a, c] = [W1[0][i], W1[1][i]];
      const foot = [a, c].map((weight) => (-b * weight) / (a * a + c * c));
      const way = [-c, a];
      const spans = [0, 1].map((axis) => [-edge, edge].map((end) => (end - foot[axis]) / way[axis]).sort((s, t) => s - t));
      const [from, to] = [Math.max(spans[0][0], spans[1][0]), Math.min(spans[0][1], spans[1][1])];
      if (!(from < to)) return "";
      const [[x1, y1], [x2, y2]] = [from, to].map((t) => place(foot[0] + t * way[0], foot[1] + t * way[1], edge));
      return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
    }).join("");
  }

  function drawCurve(losses) {
    const top = Math.max(1, losses[0]) * 1.05;
    const stride = Math.ceil(losses.length / 200);
    const across = Math.max(losses.length - 1, 100);
    const height = (loss) => 50 - (50 * Math.min(loss, top)) / top;
    const path = losses.flatMap((loss, n) =>
      (n % stride && n < losses.length - 1 ? [] : `${(100 * n) / across},${height(loss)}`));
    const nothing = height(Math.LN2);
    part("curve").innerHTML = `<line x1="0" x2="100" y1="${nothing}" y2="${nothing}"/><polyline points="${path.join(" ")}"/>`;
    const [first, last] = [losses[0], losses.at(-1)].map((loss) => loss.toFixed(3));
    part("curve").setAttribute("aria-label", `The loss from step 0, ${first}, to step ${losses.length - 1}, ${last}`);
  }

  function draw({ speak = false, before = "" } = {}) {
    const [x, y] = points();
    const units = model.get("units");
    const { loss } = lossAndGradients(run.net, units, x, y);
    const [dots, triangles] = right(run.net, units, x, y);
    const [step, share] = [run.losses.length, ((100 * (dots + triangles)) / y.length).toFixed(0)];
    for (const name of ["case", "units", "lr", "hidden"]) el.querySelector(`[data-set="${name}"]`).value = model.get(name);
    part("hidden").textContent = model.get("hidden") || "0: linear";
    button.textContent = timer ? "Pause" : "Start";
    part("now").textContent = `step ${step}, loss ${loss.toFixed(3)}, ${share}% right`;
    const painted = paint();
    drawFolds();
    drawCurve([...run.losses, loss]);
    if (!speak) return;
    spoken = Date.now();
    const half = y.length / 2;
    canvas.setAttribute("aria-label", `The plane, ${(100 * painted).toFixed(0)}% of it painted for the dots;`
      + ` ${dots} of ${half} dots and ${triangles} of ${half} triangles are on their side of the border.`);
    const all = dots + triangles === y.length;
    const count = all ? `all ${y.length}` : `${dots + triangles} of ${y.length}`;
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = all ? "right" : "";
    result.innerHTML = `<p>${before}Step ${step}: <strong>${count}</strong> points are right,`
      + ` and the loss is ${loss.toFixed(3)}.</p>`;
  }

  function pause(before = "") {
    clearTimeout(timer);
    timer = 0;
    draw({ speak: true, before });
  }

  function advance(steps) {
    const [x, y] = points();
    const next = train(run, model.get("units"), x, y, model.get("lr"), steps);
    if (!Number.isFinite(lossAndGradients(next.net, model.get("units"), x, y).loss)) {
      pause("The numbers have grown too large, so nothing more is learned: take a smaller learning rate. ");
      return false;
    }
    run = next;
    return true;
  }

  /** Make a few steps and plan the next ones; with reduced motion the picture changes rarely, in larger jumps. */
  function tick() {
    if (!el.isConnected || !advance(quiet.matches ? 100 : 5)) return;
    if (run.losses.length >= limit) return pause("Paused here; Start goes on. ");
    timer = setTimeout(tick, quiet.matches ? 1000 : 60);
    draw({ speak: Date.now() - spoken > 2500 });
  }

  function restart(change = {}, before = "") {
    model.set(change);
    run = { net: firstWeights(model.get("hidden"), model.get("seed")), velocity: null, losses: [] };
    drawPoints();
    pause(before);
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (name === "lr") model.set({ lr: Number(target.value) }); // the run goes on
    else if (name) restart({ [name]: name === "hidden" ? Number(target.value) : target.value });
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "run" && timer) pause("Paused. ");
    else if (target.dataset.do === "run") {
      limit = run.losses.length + AT_A_TIME;
      spoken = Date.now();
      tick();
    }
    if (target.dataset.do === "step" && advance(1)) pause();
    if (target.dataset.do === "back") restart({}, "The same first weights again. ");
    if (target.dataset.do === "new") restart({ seed: model.get("seed") + 1 }, `First weights number ${model.get("seed") + 1}. `);
  });
  const theme = new MutationObserver(() => (el.isConnected ? paint() : theme.disconnect()));
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  restart();
}

export default { render };
