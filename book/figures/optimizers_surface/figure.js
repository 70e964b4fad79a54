/* Five step rules start at one place of a surface, each with a learning rate of its own: who is lower after so many steps? */

const [MOMENTUM, DECAY, BETA1, BETA2, EPS] = [0.9, 0.9, 0.9, 0.999, 1e-7];
const FAR = 1e3; // beyond it a path has diverged and ends

/* What a rule takes off one weight: from its gradient g, what it has kept of earlier ones, the rate, and the step's number. */
const RULES = {
  "SGD": (g, kept, lr) => lr * g,
  "momentum": (g, kept, lr) => lr * (kept.v = MOMENTUM * kept.v + g),
  "Nesterov": (g, kept, lr) => lr * (g + MOMENTUM * (kept.v = MOMENTUM * kept.v + g)),
  "RMSProp": (g, kept, lr) => {
    kept.n = DECAY * kept.n + (1 - DECAY) * g * g;
    return (lr * g) / (Math.sqrt(kept.n) + EPS);
  },
  "Adam": (g, kept, lr, t) => {
    kept.m = BETA1 * kept.m + (1 - BETA1) * g;
    kept.n = BETA2 * kept.n + (1 - BETA2) * g * g;
    return (lr * kept.m) / (1 - BETA1 ** t) / (Math.sqrt(kept.n / (1 - BETA2 ** t)) + EPS);
  },
};
const NAMES = Object.keys(RULES);

/* A window has a left and a lower edge and a width; its height is HEIGHT of the width. The lowest loss in it is 0. */
const HEIGHT = 0.64;
const SURFACES = {
  bowl: {
    loss: (u, v) => (u * u + 40 * v * v) / 2,
    slope: (u, v) => [u, 40 * v],
    window: [-2.4, -1.152, 3.6],
    lowest: [[0, 0]],
    start: [-2, 0.7],
  },
  valley: {
    loss: (u, v) => (1 - u) ** 2 / 2 + 5 * (v - u * u) ** 2,
    slope: (u, v) => [u - 1 - 20 * u * (v - u * u), 10 * (v - u * u)],
    window: [-2.1, -0.7, 4.2],
    lowest: [[1, 1]],
    start: [-1.5, 0.5],
  },
  saddle: {
    loss: (u, v) => (u * u) / 2 + (v * v - 1) ** 2 / 4,
    slope: (u, v) => [u, v * v * v - v],
    window: [-2.4, -1.28, 4],
    lowest: [[0, 1], [0, -1]],
    start: [-2, 0.05],
  },
};

export function loss(surface, [u, v]) {
  return SURFACES[surface].loss(u, v);
}

export function gradient(surface, [u, v]) {
  return SURFACES[surface].slope(u, v);
}

/** List the places that a rule visits, the start first; a path that diverges ends at the first place far away. */
export function walk(rule, surface, start, lr, steps) {
  const kept = [0, 1].map(() => ({ v: 0, m: 0, n: 0 }));
  const path = [start];
  for (let t = 1; t <= steps && path.at(-1).every((each) => Math.abs(each) < FAR); t++) {
    const slopes = gradient(surface, path.at(-1));
    path.push(path.at(-1).map((w, i) => w - RULES[rule](slopes[i], kept[i], lr, t)));
  }
  return path;
}

/** Return the loss at the end of a path, or null where it has diverged. */
export function lossAfter(rule, surface, start, lr, steps) {
  const path = walk(rule, surface, start, lr, steps);
  return path.at(-1).every((each) => Math.abs(each) < FAR) ? loss(surface, path.at(-1)) : null;
}

/** Return the rate that brings a rule lowest in so many steps, the smallest of equal ones. */
export function bestRate(rule, surface, start, steps, rates) {
  const losses = rates.map((lr) => lossAfter(rule, surface, start, lr, steps) ?? Infinity);
  return rates[losses.indexOf(Math.min(...losses))];
}

/** Draw the contour lines of a surface: in every cell of a lattice, pieces of line between the edges that they cut. */
function contours(surface) {
  const [left, bottom, width] = SURFACES[surface].window;
  const [columns, rows] = [100, 64];
  const heights = Array.from({ length: rows + 1 }, (_, j) => Array.from({ length: columns + 1 }, (_, i) =>
    loss(surface, [left + (width * i) / columns, bottom + (width * HEIGHT * (rows - j)) / rows])));
  const pieces = [];
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const found = corners.map(([x, y]) => heights[y][x]);
      const [low, high] = [Math.min(...found), Math.max(...found)];
      for (const level of HEIGHTS.filter((each) => low < each && each <= high)) {
        const cuts = corners.flatMap(([x, y], n) => {
          const m = (n + 1) % 4;
          if (found[n] >= level === found[m] >= level) return [];
          const share = (level - found[n]) / (found[m] - found[n]);
          return [`${(x + share * (corners[m][0] - x)).toFixed(2)} ${(y + share * (corners[m][1] - y)).toFixed(2)}`];
        });
        for (let n = 0; n + 1 < cuts.length; n += 2) pieces.push(`M${cuts[n]}L${cuts[n + 1]}`);
      }
    }
  }
  return `<path class="walk-height" d="${pieces.join("")}"/>`;
}

export const RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
const MOST = 100;
const HEIGHTS = [0.02, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 40];
const options = RATES.map((rate) => `<option>${rate}</option>`).join("");
const MARKS = { // one shape for each rule, around (0, 0)
  "SGD": "M-1.2 -1.2h2.4v2.4h-2.4z", "momentum": "M-1.5 1.2h3l-1.5 -2.6z", "Nesterov": "M-1.5 -1.2h3l-1.5 2.6z",
  "RMSProp": "M0 -1.7l1.7 1.7l-1.7 1.7l-1.7 -1.7z",
  "Adam": "M-1.3 0a1.3 1.3 0 1 0 2.6 0a1.3 1.3 0 1 0 -2.6 0z",
};
const mark = (rule, [x, y] = [0, 0]) =>
  `<path class="walk-mark" data-rule="${rule}" transform="translate(${x} ${y})" d="${MARKS[rule]}"/>`;
const row = (rule) => `<tr>
  <th scope="row"><label><input type="checkbox" data-show="${rule}">
    <svg class="walk-key" viewBox="-2 -2 4 4" aria-hidden="true">${mark(rule)}</svg> <span>${rule}</span></label></th>
  <td><select data-rate="${rule}" aria-label="Learning rate of ${rule}">${options}</select></td>
  <td data-loss="${rule}"></td></tr>`;
const slider = (label, attributes, name) =>
  `<label class="moving-slider"><span>${label}</span>
    <input type="range" ${attributes}> <output data-part="${name}"></output></label>`;
const MARKUP = `
  <div class="moving-bar">
    <label>Surface <select data-set="surface"><option value="bowl">long bowl</option>
      <option value="valley">bent valley</option><option value="saddle">saddle</option></select></label>
    <label>One rate for all <select data-part="all"><option value="">choose</option>${options}</select></label>
    <button type="button" data-do="best">Best rate for each</button>
  </div>
  <div class="walk-plot" data-part="plot"></div>
  <div class="moving-row">
  <div class="walk-controls">
    <button type="button" class="moving-main" data-do="play">Play</button>
    ${slider("Steps", `min="0" max="${MOST}" step="1" data-set="steps"`, "steps")}
    ${slider("Start w<sub>1</sub>", 'step="0.05" data-axis="0"', "start0")}
    ${slider("Start w<sub>2</sub>", 'step="0.05" data-axis="1"', "start1")}
  </div>
  <table class="moving-table walk-table"><caption data-part="caption"></caption>
    <thead><tr><th scope="col">Rule</th><th scope="col">Rate</th><th scope="col">Loss</th></tr></thead>
    <tbody>${NAMES.map(row).join("")}</tbody></table>
  </div>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const minus = (value) => String(value).replace("-", "−");

/** Write a loss with two digits, in powers of ten where it is small. */
function written(value) {
  if (value === null) return "diverged";
  if (value === 0 || value >= 0.001) return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
  return minus(value.toExponential(1));
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const quiet = matchMedia("(prefers-reduced-motion: reduce)");
  const drawn = {}; // the contour lines of each surface
  let timer = 0;
  const setting = () =>
    [model.get("surface"), [model.get("start0"), model.get("start1")], model.get("rates"), model.get("steps")];
  const found = () => {
    const [surface, start, rates, steps] = setting();
    return model.get("shown").map((rule) => [rule, lossAfter(rule, surface, start, rates[rule], steps)]);
  };

  /** Return the function that puts a place of the surface into the picture, 100 wide. */
  function scale(surface) {
    const [left, bottom, width] = SURFACES[surface].window;
    return ([u, v]) =>
      [(100 * (u - left)) / width, 100 * HEIGHT - (100 * (v - bottom)) / width].map((each) => Number(each.toFixed(2)));
  }

  function drawPlot() {
    const [surface, start, rates, steps] = setting();
    const at = scale(surface);
    drawn[surface] ??= contours(surface);
    const crosses = SURFACES[surface].lowest.map((place) =>
      `<path class="walk-lowest" d="M${at(place).join(" ")}m-2 0h4m-2 -2v4"/>`);
    const paths = model.get("shown").map((rule) => {
      const places = walk(rule, surface, start, rates[rule], steps).map(at);
      const dots = places.map((place) => `M${place}h0`).join("");
      return `<polyline class="walk-path" data-rule="${rule}" points="${places.join(" ")}"/>`
        + `<path class="walk-dots" data-rule="${rule}" d="${dots}"/>${mark(rule, places.at(-1))}`;
    });
    const [x, y] = at(start);
    const words = `Contour lines of the surface and the paths of ${model.get("shown").join(", ") || "no rule"} from`
      + ` ${minus(start[0])}, ${minus(start[1])}, ${steps} steps long; crosses mark the lowest places`;
    part("plot").innerHTML = `<svg viewBox="0 0 100 ${100 * HEIGHT}" role="img" aria-label="${words}">`
      + `${drawn[surface]}${crosses.join("")}${paths.join("")}<circle class="walk-start" cx="${x}" cy="${y}" r="2.2"/></svg>`;
  }

  function draw() {
    const [surface, start, rates, steps] = setting();
    const [left, bottom, width] = SURFACES[surface].window;
    el.querySelector('[data-set="surface"]').value = surface;
    el.querySelector('[data-set="steps"]').value = steps;
    part("steps").textContent = steps;
    part("caption").textContent = `After ${steps} ${steps === 1 ? "step" : "steps"}`;
    el.querySelector('[data-do="play"]').textContent = timer ? "Pause" : "Play";
    [[left, width], [bottom, width * HEIGHT]].forEach(([from, size], axis) => {
      const slider = el.querySelector(`[data-axis="${axis}"]`);
      slider.min = Math.ceil(from * 20) / 20;
      slider.max = Math.floor((from + size) * 20) / 20;
      slider.value = start[axis];
      part(`start${axis}`).textContent = minus(start[axis]);
    });
    const losses = Object.fromEntries(found());
    for (const rule of NAMES) {
      el.querySelector(`[data-show="${rule}"]`).checked = rule in losses;
      el.querySelector(`[data-rate="${rule}"]`).value = rates[rule];
      el.querySelector(`[data-loss="${rule}"]`).textContent = rule in losses ? written(losses[rule]) : "not shown";
    }
    drawPlot();
    if (!timer) say();
  }

  function say() {
    const [, , rates, steps] = setting();
    const all = found();
    const gone = all.filter(([, value]) => value === null).map(([rule]) => rule);
    const best = all.filter(([, value]) => value !== null).sort((a, b) => a[1] - b[1])[0];
    const lowest = best ? `After ${steps} ${steps === 1 ? "step" : "steps"} <strong>${best[0]}</strong> is lowest,`
      + ` with the rate ${rates[best[0]]} at a loss of ${written(best[1])}.` : "";
    const lost = gone.length ? ` Thrown out of every bound: ${gone.join(", ")}.` : "";
    const one = all.length && new Set(all.map(([rule]) => rates[rule])).size === 1;
    el.querySelector(".moving-result").innerHTML = `<p>${lowest}${lost}${all.length ? "" : "Choose a rule in the table."}`
      + `${one && all.length > 1 ? " All have one rate: is that fair?" : ""}</p>`;
  }

  function stop() {
    clearTimeout(timer);
    timer = 0;
  }

  /** Let the paths grow; with reduced motion in larger jumps, and rarely. */
  function play() {
    const steps = Math.min(model.get("steps") + (quiet.matches ? 20 : 1), MOST);
    timer = steps < MOST && el.isConnected ? setTimeout(play, quiet.matches ? 1000 : 90) : 0;
    model.set("steps", steps);
  }

  function choose(surface) {
    const [start0, start1] = SURFACES[surface].start;
    model.set({ surface, start0, start1 });
  }

  el.addEventListener("input", ({ target }) => {
    if (target.dataset.set === "surface") choose(target.value);
    else if (target.dataset.set === "steps") {
      stop();
      model.set("steps", target.valueAsNumber);
      draw();
    } else if (target.dataset.axis) model.set(`start${target.dataset.axis}`, target.valueAsNumber);
    else if (target.dataset.show) {
      const shown = model.get("shown").filter((rule) => rule !== target.dataset.show);
      model.set("shown", NAMES.filter((rule) => shown.includes(rule) || (rule === target.dataset.show && target.checked)));
    } else if (target.dataset.rate) model.set("rates", { ...model.get("rates"), [target.dataset.rate]: Number(target.value) });
    else if (target === part("all") && target.value) {
      model.set("rates", Object.fromEntries(NAMES.map((rule) => [rule, Number(target.value)])));
      target.value = "";
    }
  });
  el.addEventListener("click", (event) => {
    const [surface, start, , steps] = setting();
    const action = event.target.dataset.do;
    if (action === "best") {
      model.set("rates", Object.fromEntries(NAMES.map((rule) => [rule, bestRate(rule, surface, start, steps, RATES)])));
    } else if (action === "play" && timer) {
      stop();
      draw();
    } else if (action === "play") {
      if (steps === MOST) model.set("steps", 0);
      play();
    } else if (part("plot").contains(event.target)) { // a click in the picture moves the start there
      const box = part("plot").firstElementChild.getBoundingClientRect();
      const [left, bottom, width] = SURFACES[surface].window;
      const near = (value) => Math.round(value * 20) / 20;
      model.set({
        start0: near(left + (width * (event.clientX - box.left)) / box.width),
        start1: near(bottom + (width * (box.bottom - event.clientY)) / box.width),
      });
    }
  });
  model.on("change", draw);
  draw();
}

export default { render };
