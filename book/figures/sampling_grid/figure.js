/* Six numbers say where every pixel of a new picture looks in an old one; four neighbours say what it reads there. */

/** Where a new pixel looks: its own place, the place in the old picture, and that place in columns and rows of old pixels. */
export function look(theta, row, column, size, old) {
  const [own, top] = [column, row].map((n) => (2 * n + 1) / size - 1);
  const [x, y] = theta.map(([a, b, c]) => a * own + b * top + c);
  const [across, down] = [x, y].map((each) => (old * (each + 1) - 1) / 2);
  return { own, top, x, y, across, down };
}

/** The four pixels around a place, with their weights; outside of the picture there is nothing, 0. */
export function neighbours(picture, across, down) {
  const [left, top] = [Math.floor(across), Math.floor(down)];
  return [[top, left], [top, left + 1], [top + 1, left], [top + 1, left + 1]].map(([row, column]) => ({
    row, column, value: picture[row]?.[column] ?? 0, weight: (1 - Math.abs(across - column)) * (1 - Math.abs(down - row)),
  }));
}

export function sample(picture, theta, size) {
  return Array.from({ length: size }, (_, row) => Array.from({ length: size }, (_, column) => {
    const { across, down } = look(theta, row, column, size, picture.length);
    return neighbours(picture, across, down).reduce((sum, { value, weight }) => sum + weight * value, 0);
  }));
}

/** The map from old to new that undoes a map from new to old; null for one that flattens the picture. */
export function inverse([[a, b, c], [d, e, f]]) {
  const area = a * e - b * d;
  if (Math.abs(area) < 1e-9) return null;
  return [[e / area, -b / area, (b * f - c * e) / area], [-d / area, a / area, (c * d - a * f) / area]];
}

/** Count the new pixels that differ from the goal's; and say whether this map is the goal the wrong way round. */
export function judge(picture, theta, goal, size) {
  const wanted = sample(picture, goal, size).flat();
  const differ = (map) => sample(picture, map, size).flat().filter((each, n) => Math.abs(each - wanted[n]) > 0.01).length;
  const back = inverse(theta);
  return { pixels: differ(theta), inverted: differ(theta) > 0 && back !== null && differ(back) === 0 };
}

const SIZE = 8; // of the new picture
const GOALS = [
  ["the seven, filling the picture", [[0.5, 0, 0.375], [0, 0.5, -0.375]]],
  ["the seven in the middle, at its size", [[1, 0, 0.375], [0, 1, -0.375]]],
  ["everything, half as large", [[2, 0, 0], [0, 2, 0]]],
  ["the seven as in a mirror", [[-0.5, 0, 0.375], [0, 0.5, -0.375]]],
  ["the seven, a quarter turn clockwise", [[0, 0.5, 0.375], [-0.5, 0, -0.375]]],
];
const MARKUP = `
  <div class="moving-row">
    <div class="look-side">
      <table class="moving-grid moving-edit"><caption>θ, from new to old</caption>
        <tbody>${[0, 1].map((i) => `<tr>${[0, 1, 2].map((j) => `<td><input type="number" step="0.125" min="-4" max="4"
          data-theta="${i},${j}" aria-label="θ${i + 1}${j + 1}"></td>`).join("")}</tr>`).join("")}</tbody></table>
      <label class="look-goal">Goal <select data-set="goal">${GOALS.map(([name], n) =>
        `<option value="${n}">${name}</option>`).join("")}</select></label>
      <div class="moving-bar"><button type="button" data-do="same">Identity</button>
        <button type="button" data-do="show">Show it</button></div>
    </div>
    <div class="look-side">
      <table class="moving-table look-table"><caption data-part="read"></caption><thead><tr><th scope="col">Row, column</th>
        <th scope="col">Value</th><th scope="col">Weight</th></tr></thead><tbody data-part="neighbours"></tbody></table>
      ${["row", "column"].map((name) => `<label class="look-slider">
        <span>New ${name}</span> <input type="range" min="0" max="${SIZE - 1}" data-set="${name}">
        <output data-part="${name}"></output></label>`).join("")}
    </div>
  </div>
  <div class="look-panels">${[
    ["old", "Old picture, places looked at"], ["new", "New picture"], ["goal", "Goal"],
  ].map(([key, name]) => `<div><p class="moving-name">${name}</p><div data-part="${key}"></div></div>`).join("")}</div>
  <div class="moving-result look-result" role="status" aria-live="polite"></div>`;

const number = (value) => String(Math.round(value * 1000) / 1000 + 0).replace("-", "−");
const factor = (value) => (value < 0 ? `(${number(value)})` : number(value));
const NAMED = (row, column) => `row ${number(row)}, column ${number(column)}`;

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const picture = model.get("picture");
  const size = picture.length;
  const whole = Math.max(...picture.flat());
  const framed = (row, column) => `<rect class="look-four" x="${column + 0.05}" y="${row + 0.05}" width="0.9" height="0.9"/>`;

  function pixels(values, marked) {
    const shade = (value) => Math.round((255 * Math.min(value, whole)) / whole);
    const rows = values.flatMap((line, i) => line.map((value, j) => `<rect x="${j}" y="${i}" width="1" height="1"
      fill="rgb(${Array(3).fill(shade(value)).join()})"${marked ? ` data-at="${i},${j}"` : ""}/>`));
    return `<g shape-rendering="crispEdges">${rows.join("")}</g>`;
  }

  /** Draw the old picture with all places and their frame; the edge shows what lies just outside. */
  function drawOld(theta, row, column, around) {
    const each = Array.from({ length: SIZE }, (_, n) => n);
    const places = each.flatMap((i) => each.map((j) => look(theta, i, j, SIZE, size)));
    const dots = places.map((at) => `<circle class="look-dot" cx="${at.across + 0.5}" cy="${at.down + 0.5}" r="0.28"/>`);
    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([u, v]) =>
      theta.map(([a, b, c]) => (size * (a * u + b * v + c + 1)) / 2).join()).join(" ");
    const { across, down } = look(theta, row, column, SIZE, size);
    const four = around.map(({ row: i, column: j, weight }) => (weight > 1e-9 ? framed(i, j) : ""));
    const words = `The old picture, ${size} by ${size} pixels; the new pixel in ${NAMED(row, column)}`
      + ` looks at ${NAMED(down, across)}`;
    return `<svg viewBox="-3 -3 ${size + 6} ${size + 6}" role="img" aria-label="${words}">${pixels(picture)}
      <polygon class="look-frame" points="${corners}"/>${dots.join("")}${four.join("")}
      <circle class="look-place" cx="${across + 0.5}" cy="${down + 0.5}" r="0.6"/></svg>`;
  }

  function meaning(theta) {
    const area = theta[0][0] * theta[1][1] - theta[0][1] * theta[1][0];
    if (Math.abs(area) < 1e-9) return "All places lie on a line: the new picture has no area to look at.";
    const times = Math.round(100 / Math.abs(area)) / 100;
    return `The frame covers ${Math.round(100 * Math.abs(area))}% of the old picture's area; what lies in it`
      + ` ${times === 1 ? "keeps its size" : `becomes ${times} times as large`}${area < 0 ? ", and mirrored" : ""}.`;
  }

  function draw() {
    const [theta, row, column] = [model.get("theta"), model.get("row"), model.get("column")];
    const [name, goal] = GOALS[model.get("goal")];
    const { own, top, x, y, across, down } = look(theta, row, column, SIZE, size);
    const around = neighbours(picture, across, down);
    const made = sample(picture, theta, SIZE);
    for (const each of el.querySelectorAll("[data-theta]")) {
      const [i, j] = each.dataset.theta.split(",");
      if (each !== document.activeElement) each.value = Math.round(theta[i][j] * 1000) / 1000;
    }
    for (const each of ["row", "column"]) {
      el.querySelector(`[data-set="${each}"]`).value = model.get(each);
      part(each).textContent = model.get(each);
    }
    part("old").innerHTML = drawOld(theta, row, column, around);
    part("new").innerHTML = `<svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="The new picture; ${NAMED(row, column)}
      reads ${number(made[row][column])}">${pixels(made, true)}${framed(row, column)}</svg>`;
    part("goal").innerHTML = `<svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="The goal: ${name}">
      ${pixels(sample(picture, goal, SIZE))}</svg>`;
    part("read").textContent = `It looks at ${NAMED(down, across)}`;
    part("neighbours").innerHTML = around.map(({ row: i, column: j, value, weight }) => `<tr>
      <th scope="row">${number(i)}, ${number(j)}</th><td>${i in picture && j in picture[0] ? value : "outside, 0"}</td>
      <td>${number(weight)}</td></tr>`).join("");
    const { pixels: wrong, inverted } = judge(picture, theta, goal, SIZE);
    const written = ([a, b, c], to, value) =>
      `${to} = ${factor(a)} · ${factor(own)} + ${factor(b)} · ${factor(top)} + ${factor(c)} = ${number(value)}`;
    const verdict = !wrong ? "<strong>Right.</strong> " : inverted
      ? "<strong>The wrong way round:</strong> θ says where new pixels look, not where old ones go. "
      : `${wrong} of ${SIZE ** 2} pixels differ from the goal. `;
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = wrong ? (inverted ? "wrong" : "") : "right";
    const read = around.filter(({ weight }) => weight > 1e-9).map(({ value, weight }) => `${number(weight)} · ${value}`);
    result.innerHTML = `<p class="moving-sum">${written(theta[0], "x", x)}<br>${written(theta[1], "y", y)}<br>
      reads ${read.join(" + ")} = ${number(made[row][column])}</p><p>${verdict}${meaning(theta)}</p>`;
  }

  el.addEventListener("input", ({ target }) => {
    if (target.dataset.theta && target.value !== "" && Math.abs(target.valueAsNumber) <= 4) {
      const [i, j] = target.dataset.theta.split(",").map(Number);
      const changed = (old, m, n) => (m === i && n === j ? target.valueAsNumber : old);
      model.set("theta", model.get("theta").map((line, m) => line.map((old, n) => changed(old, m, n))));
    } else if (target.dataset.set) model.set(target.dataset.set, Number(target.value));
  });
  el.addEventListener("focusout", ({ target }) => {
    if (!target.dataset.theta) return;
    const [i, j] = target.dataset.theta.split(",");
    target.value = Math.round(model.get("theta")[i][j] * 1000) / 1000;
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "same") model.set("theta", [[1, 0, 0], [0, 1, 0]]);
    if (target.dataset.do === "show") model.set("theta", GOALS[model.get("goal")][1]);
    if (target.dataset.at) {
      const [row, column] = target.dataset.at.split(",").map(Number);
      model.set({ row, column });
    }
  });
  model.on("change", draw);
  draw();
}

export default { render };
