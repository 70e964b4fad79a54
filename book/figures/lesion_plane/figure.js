/* Two trained networks of eight blocks on points of a plane, with blocks deleted or exchanged; only one has shortcuts. */

/** The score of a point: lifted to a few numbers, through the blocks in this order, then weighed; weights are hundredths. */
export function score(net, [x, y], order, shortcuts) {
  let now = net.lift[0].map((weight, i) => (x * weight + y * net.lift[1][i]) / 100);
  for (const block of order) {
    const inner = net.bias[block].map((bias, j) =>
      Math.max(0, now.reduce((sum, each, i) => sum + each * net.into[block][i][j], bias) / 100));
    const found = now.map((_, j) => inner.reduce((sum, each, i) => sum + each * net.out[block][i][j], 0) / 100);
    now = shortcuts ? now.map((each, j) => each + found[j]) : found;
  }
  return now.reduce((sum, each, i) => sum + each * net.head[i], net.shift) / 100;
}

/** Which points (in hundredths, with their class) come out on their side of 0. */
export function right(net, points, order, shortcuts) {
  return points.map(([x, y, label]) => score(net, [x / 100, y / 100], order, shortcuts) > 0 === (label === 1));
}

/** The blocks as they are passed: exchanged first, then without the deleted ones. */
export function arranged(count, deleted, exchanged) {
  const order = Array.from({ length: count }, (_, n) => n);
  if (exchanged) {
    const [a, b] = exchanged;
    [order[a], order[b]] = [order[b], order[a]];
  }
  return order.filter((block) => !deleted.includes(block));
}

/** Kendall's distance: how many pairs stand the wrong way round. */
export function kendall(order) {
  return order.reduce((sum, block, n) => sum + order.slice(n + 1).filter((later) => later < block).length, 0);
}

const [KINDS, NEAR] = [["residual", "plain"], 10]; // a guess is right within so many points
const FRAME = { left: -1.9, top: 1.35, wide: 76, high: 54, cell: 0.05 };
const NAMES = { residual: "Residual, y = x + f(x)", plain: "Plain, y = f(x)" };
const PAIRS = [[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7], [1, 4], [2, 6]];
const called = (kind) => kind[0].toUpperCase() + kind.slice(1);
const MARKUP = `
  <fieldset class="plane-blocks"><legend>Delete blocks</legend><div data-part="blocks"></div>
    <label>Exchange <select data-part="exchange"><option value="">none</option>${PAIRS.map((pair, n) =>
      `<option value="${n}">${pair.map((each) => each + 1).join(" and ")}</option>`).join("")}</select></label></fieldset>
  <div class="plane-pair">${KINDS.map((kind) =>
    `<div><p class="moving-name">${NAMES[kind]}</p><div data-part="${kind}"></div></div>`).join("")}</div>
  <form class="moving-bar">
    <span data-part="question"></span>
    ${KINDS.map((kind) => `<label>${called(kind)} <input type="number" min="0" step="1" data-guess="${kind}"></label>`).join("")}
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <div class="moving-result plane-result" role="status" aria-live="polite"></div>`;

/** Draw the half of the plane that a network gives to class 1, and the points; those on the wrong side have a ring. */
function picture(net, points, order, shortcuts, hits, words) {
  const { left, top, wide, high, cell } = FRAME;
  const runs = [];
  for (let row = 0; row < high; row++) {
    let from = null;
    for (let column = 0; column <= wide; column++) {
      const inside = column < wide
        && score(net, [left + (column + 0.5) * cell, top - (row + 0.5) * cell], order, shortcuts) > 0;
      if (inside && from === null) from = column;
      if (!inside && from !== null) {
        runs.push(`M${from} ${row}h${column - from}v1h${from - column}z`);
        from = null;
      }
    }
  }
  const dots = points.map(([x, y, label], n) => {
    const [across, down] = [(x / 100 - left) / cell, (top - y / 100) / cell];
    const dot = label ? `<rect class="plane-one" x="${across - 0.75}" y="${down - 0.75}" width="1.5" height="1.5"/>`
      : `<circle class="plane-zero" cx="${across}" cy="${down}" r="0.85"/>`;
    return hits[n] ? dot : `${dot}<circle class="plane-missed" cx="${across}" cy="${down}" r="1.5"/>`;
  });
  return `<svg class="plane" viewBox="0 0 ${wide} ${high}" role="img" aria-label="${words}">`
    + `<path d="${runs.join("")}"/>${dots.join("")}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const result = el.querySelector(".moving-result");
  const points = model.get("points");
  const count = model.get("residual").bias.length;
  const guesses = () => KINDS.map((kind) => el.querySelector(`[data-guess="${kind}"]`).valueAsNumber);
  let open = false;
  part("blocks").innerHTML = Array.from({ length: count }, (_, n) =>
    `<label><input type="checkbox" data-block="${n}" aria-label="Delete block ${n + 1}"> ${n + 1}</label>`).join("");

  function draw(guess) {
    const [deleted, exchanged] = [model.get("deleted"), model.get("exchanged")];
    const order = arranged(count, deleted, exchanged);
    const shown = open ? order : arranged(count, [], null);
    const found = {};
    for (const kind of KINDS) {
      const [net, shortcuts] = [model.get(kind), kind === "residual"];
      const hits = right(net, points, shown, shortcuts);
      found[kind] = hits.filter(Boolean).length;
      part(kind).innerHTML = picture(net, points, shown, shortcuts, hits, `The plane as the ${kind} network divides it`
        + `${open ? " after the lesion" : ", whole"}: ${found[kind]} of ${points.length} points are on their side`);
    }
    for (const box of el.querySelectorAll("[data-block]")) box.checked = deleted.includes(Number(box.dataset.block));
    part("question").textContent = `Still right, of ${points.length}:`;
    el.querySelector('[data-do="show"]').textContent = open ? "Hide it" : "Show it";
    const near = guess && KINDS.every((kind, n) => Math.abs(guess[n] - found[kind]) <= NEAR);
    result.dataset.verdict = guess ? (near ? "right" : "wrong") : "";
    result.innerHTML = open ? describe(found, deleted, order, guess && (near ? "Right: " : "Not quite: "))
      : `<p>Here both networks are still whole, with all ${points.length} points right. Now cut what is marked: a deleted block`
        + " hands on what it gets, and nothing is trained again. How many points stay right?</p>";
  }

  function describe(found, deleted, order, start) {
    const wrong = kendall(order);
    const left = 2 ** (count - deleted.length);
    const moved = wrong ? ` and ${wrong} pair${wrong === 1 ? "" : "s"} in the wrong order` : "";
    const chance = Math.abs(found.plain / points.length - 0.5) < 0.1 ? ", no better than guessing"
      : found.plain < 0.4 * points.length ? ", worse than guessing" : "";
    const same = order.length === count && !wrong;
    const counts = KINDS.map((kind) => `${kind} <strong>${found[kind]}</strong>`).join(", ");
    return `<p>${start || (same ? "Nothing is cut yet: " : "After the lesion: ")}${counts} of ${points.length}${chance}.</p>`
      + `<p>The residual network still has ${left} of ${2 ** count} paths${moved}. The plain one has a single path`
      + `${same ? "." : ", and behind the lesion its blocks get what they have never seen."}</p>`;
  }

  el.addEventListener("input", ({ target }) => {
    if (target.dataset.block !== undefined) {
      const block = Number(target.dataset.block);
      const others = model.get("deleted").filter((each) => each !== block);
      model.set("deleted", target.checked ? [...others, block] : others);
    } else if (target === part("exchange")) {
      model.set("exchanged", target.value === "" ? null : PAIRS[Number(target.value)]);
    } else return;
    draw();
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    open ||= guesses().every(Number.isFinite);
    if (guesses().every(Number.isFinite)) draw(guesses());
    else result.innerHTML = "<p>Type both numbers first.</p>";
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do !== "show") return;
    open = !open;
    draw();
  });
  draw();
}

export default { render };
