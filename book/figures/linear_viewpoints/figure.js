/* Three linear scores of an image of two pixels, seen in three ways at once: as sums, as templates, as borders in the plane. */

const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const column = (W, c) => W.map((row) => row[c]);

/** Compute the scores s = x W + b of one image; W has a row for each pixel and a column for each class. */
export function scores(W, b, x) {
  return b.map((bias, c) => dot(x, column(W, c)) + bias);
}

/** Name the class of the largest score, the first of equal ones. */
export function named(W, b, x) {
  const found = scores(W, b, x);
  return found.indexOf(Math.max(...found));
}

/** Return by how much class i leads class j everywhere: a normal, and an offset. */
function lead(W, b, i, j) {
  return { normal: W.map((row) => row[i] - row[j]), offset: b[i] - b[j] };
}

/** Find the two ends of the border between classes i and j among the images from 0 to 1, or null where there is none. */
export function border(W, b, i, j) {
  const { normal, offset } = lead(W, b, i, j);
  const size = dot(normal, normal);
  if (size === 0) return null;
  const foot = normal.map((each) => (-offset * each) / size);
  const along = [-normal[1], normal[0]];
  const third = lead(W, b, i, 3 - i - j);
  const bounds = [[[1, 0], 0], [[-1, 0], 1], [[0, 1], 0], [[0, -1], 1], [third.normal, third.offset]];
  let [from, to] = [-Infinity, Infinity];
  for (const [direction, least] of bounds) { // keep the t with direction . (foot + t along) + least >= 0
    const [start, slope] = [dot(direction, foot) + least, dot(direction, along)];
    if (slope > 0) from = Math.max(from, -start / slope);
    if (slope < 0) to = Math.min(to, -start / slope);
    if (slope === 0 && start < 0) return null;
  }
  return to - from > 1e-9 ? [from, to].map((t) => foot.map((each, d) => each + t * along[d])) : null;
}

/** Cut from the square of all images what class c wins, by one straight cut for each of the other classes. */
function region(W, b, c) {
  let corners = [[0, 0], [1, 0], [1, 1], [0, 1]];
  for (const other of [0, 1, 2].filter((each) => each !== c)) {
    const { normal, offset } = lead(W, b, c, other);
    const gap = (point) => dot(normal, point) + offset;
    corners = corners.flatMap((point, n) => {
      const next = corners[(n + 1) % corners.length];
      const [here, there] = [gap(point), gap(next)];
      const cut = here * there < 0 ? [point.map((each, d) => each + (here / (here - there)) * (next[d] - each))] : [];
      return here >= 0 ? [point, ...cut] : cut;
    });
  }
  return corners;
}

/** Return the share of all images that class c wins; what is tied counts for both. */
export function share(W, b, c) {
  const corners = region(W, b, c);
  return Math.abs(corners.reduce((sum, [x, y], n) => {
    const [u, v] = corners[(n + 1) % corners.length];
    return sum + x * v - u * y;
  }, 0)) / 2;
}

const CLASSES = ["left", "right", "both"];
const SLIDERS = [["0", "Left weight", -4, 4], ["1", "Right weight", -4, 4], ["b", "Bias", -4, 4]];
const slider = (name, label, least, most, step) => `<label><span>${label}</span>
  <input type="range" min="${least}" max="${most}" step="${step}" data-set="${name}">
  <output data-part="${name}"></output></label>`;
const OPTIONS = CLASSES.map((name, c) => `<option value="${c}">${name}</option>`).join("");
const MARKUP = `
  <div class="views-controls">
    <label>Class <select data-set="chosen">${OPTIONS}</select></label>
    ${SLIDERS.map(([name, label, least, most]) => slider(name, label, least, most, 0.25)).join("")}
    ${slider("x0", "Image, left", 0, 1, 0.05)}${slider("x1", "Image, right", 0, 1, 0.05)}
    <button type="button" data-do="double">Double all</button><button type="button" data-do="reset">Start again</button>
  </div>
  <div class="views">
    <div><p class="moving-name">Algebra and pictures</p><div data-part="cards"></div></div>
    <div><p class="moving-name">Geometry: all images of two pixels</p><div class="views-plane" data-part="plane"></div></div>
  </div>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const written = (value) => String(Math.round(value * 1000) / 1000 + 0).replace("-", "−");
const bracket = (value) => (value < 0 ? `(${written(value)})` : written(value));
const level = (value) => Math.max(-3, Math.min(3, Math.sign(value) * Math.ceil(Math.abs(value) * 1.5)));
const MARKS = ["M-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z", "M-2.3 1.8h4.6l-2.3 -4.2z", "M-1.9 -1.9h3.8v3.8h-3.8z"];
const at = ([x, y]) => `${(9 + 88 * x).toFixed(2)} ${(91 - 88 * y).toFixed(2)}`;

function picture(W, b, x, examples) {
  const regions = CLASSES.map((_, c) => `<polygon class="views-${c}" points="${region(W, b, c).map(at).join(" ")}"/>`);
  const borders = [[0, 1], [0, 2], [1, 2]].map(([i, j]) => {
    const ends = border(W, b, i, j);
    if (!ends || [0, 1].some((d) => ends[0][d] === ends[1][d] && ends[0][d] % 1 === 0)) return ""; // only an edge of the picture
    const middle = [0, 1].map((d) => (ends[0][d] + ends[1][d]) / 2);
    const { normal } = lead(W, b, i, j);
    const tip = middle.map((each, d) => each + (0.13 * normal[d]) / Math.hypot(...normal));
    return `<path class="views-border" d="M${at(ends[0])}L${at(ends[1])}"/>`
      + `<path class="views-normal" d="M${at(middle)}L${at(tip)}"/>`;
  });
  const dots = examples.map(([point, c]) => `<path class="views-mark views-${c}${named(W, b, point) === c ? "" : " views-wrong"}"`
    + ` transform="translate(${at(point)})" d="${MARKS[c]}"/>`);
  const shares = CLASSES.map((name, c) => `${name} ${Math.round(100 * share(W, b, c))}%`).join(", ");
  const words = `The plane of all images. Shares: ${shares}. The image is at ${written(x[0])}, ${written(x[1])}.`;
  return `<svg viewBox="0 0 100 100" role="img" aria-label="${words}">
    <defs><marker id="views-tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="5" markerHeight="5" orient="auto">
    <path class="views-head" d="M0 0L6 3L0 6z"/></marker></defs>
    ${regions.join("")}<rect class="views-frame" x="9" y="3" width="88" height="88"/>${borders.join("")}${dots.join("")}
    <path class="views-image" transform="translate(${at(x)})" d="M-4 0h8M0 -4v8"/>
    <text x="53" y="98.5">left pixel</text><text transform="translate(5.5 47) rotate(-90)">right pixel</text></svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const first = Object.fromEntries(["W", "b", "x", "chosen"].map((name) => [name, model.get(name)]));

  function draw(sentence) {
    const [W, b, x, chosen, examples] = ["W", "b", "x", "chosen", "examples"].map((name) => model.get(name));
    const values = { 0: W[0][chosen], 1: W[1][chosen], b: b[chosen], x0: x[0], x1: x[1] };
    el.querySelector('[data-set="chosen"]').value = chosen;
    for (const [name, value] of Object.entries(values)) {
      el.querySelector(`[data-set="${name}"]`).value = value;
      part(name).textContent = written(value);
    }
    el.querySelector('[data-do="double"]').disabled = [...W.flat(), ...b].some((value) => Math.abs(value) > 2);
    const [found, winner] = [scores(W, b, x), named(W, b, x)];
    part("cards").innerHTML = CLASSES.map((name, c) => {
      const cells = column(W, c).map((value) => `<td data-level="${level(value)}">${written(value)}</td>`).join("");
      const sum = `${written(x[0])} · ${bracket(W[0][c])} + ${written(x[1])} · ${bracket(W[1][c])} + ${bracket(b[c])}`;
      return `<div class="views-card${c === winner ? " views-winner" : ""}"><svg viewBox="-3 -3 6 6" aria-hidden="true">
        <path class="views-mark views-${c}" d="${MARKS[c]}"/></svg><span>${name}${c === winner ? " wins" : ""}</span>
        <table class="moving-grid" aria-label="Template of ${name}"><tbody><tr>${cells}</tr></tbody></table>
        <span class="moving-sum">${sum} = <strong>${written(found[c])}</strong></span></div>`;
    }).join("");
    part("plane").innerHTML = picture(W, b, x, examples);
    const right = examples.filter(([point, c]) => named(W, b, point) === c).length;
    const rival = [0, 1, 2].filter((c) => c !== winner).sort((i, j) => found[j] - found[i])[0];
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = right === examples.length ? "right" : "";
    result.innerHTML = `<p><strong>${right} of ${examples.length}</strong> examples are named rightly. The image at the cross is`
      + ` named “${CLASSES[winner]}”, by ${written(found[winner] - found[rival])} before “${CLASSES[rival]}”.</p>`
      + `<p>${sentence}</p>`;
  }

  const BEGIN = "“Both” has the brightest template and wins everywhere, even where only one pixel is bright."
    + " Which single number puts all nine right? Predict, then move it.";

  function change(name, value) {
    const chosen = model.get("chosen");
    const who = `“${CLASSES[chosen]}”`;
    if (name === "chosen") {
      model.set("chosen", value);
      draw(`The first three sliders are now those of “${CLASSES[value]}”.`);
    } else if (name === "b") {
      model.set("b", model.get("b").map((bias, c) => (c === chosen ? value : bias)));
      draw(`The bias of ${who} changes no template and turns no border: its borders move parallel to themselves.`);
    } else if (name.startsWith("x")) {
      model.set("x", model.get("x").map((each, d) => (d === Number(name[1]) ? value : each)));
      draw("Another image is another point of the plane; templates and borders stay.");
    } else {
      const pixel = ["left", "right"][name];
      model.set("W", model.get("W").map((row, d) => (d === Number(name) ? row.map((w, c) => (c === chosen ? value : w)) : row)));
      draw(`Where the ${pixel} pixel is 0, no score of ${who} has changed. So its borders turn, each about its`
        + " point on that edge, if need be beyond the picture.");
    }
  }

  /** Read the image under the pointer; the sliders do the same from the keyboard. */
  function point(event) {
    const box = part("plane").getBoundingClientRect();
    const near = (value) => Math.round(Math.max(0, Math.min(1, value)) * 20) / 20;
    const [across, down] = [100 * (event.clientX - box.left) / box.width, 100 * (event.clientY - box.top) / box.height];
    model.set("x", [near((across - 9) / 88), near((91 - down) / 88)]);
    draw("Another image is another point of the plane; templates and borders stay.");
  }

  el.addEventListener("input", ({ target }) => {
    if (target.dataset.set) change(target.dataset.set, Number(target.value));
  });
  part("plane").addEventListener("pointerdown", point);
  part("plane").addEventListener("pointermove", (event) => event.buttons && point(event));
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "double") {
      model.set({ W: model.get("W").map((row) => row.map((w) => 2 * w)), b: model.get("b").map((bias) => 2 * bias) });
      draw("Every score and every lead has doubled, and no border has moved: a tie is a tie at any scale.");
    }
    if (target.dataset.do === "reset") {
      model.set(first);
      draw(BEGIN);
    }
  });
  draw(BEGIN);
}

export default { render };
