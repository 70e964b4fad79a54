/* A scene of different numbers moves under pooling windows that stand still. How many outputs stay the same? */

export const SIDE = 8;
export const ROOM = 4;

/** Shuffle the numbers 0, 1, 2, ... into a scene of SIDE rows; the same seed gives the same scene as in Python. */
export function scene(seed) {
  const width = SIDE + ROOM;
  const values = Array.from({ length: SIDE * width }, (_, n) => n);
  let state = seed;
  for (let last = values.length - 1; last > 0; last--) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    const other = (state >>> 8) % (last + 1);
    [values[last], values[other]] = [values[other], values[last]];
  }
  return Array.from({ length: SIDE }, (_, row) => values.slice(row * width, (row + 1) * width));
}

export function view(whole, shift) {
  return whole.map((row) => row.slice(shift, shift + SIDE));
}

export function pooled(image, window, pool) {
  const outputs = SIDE / window;
  return Array.from({ length: outputs }, (_, i) => Array.from({ length: outputs }, (_, j) => {
    const values = image.slice(i * window, (i + 1) * window).flatMap((row) => row.slice(j * window, (j + 1) * window));
    return pool === "max" ? Math.max(...values) : values.reduce((sum, each) => sum + each, 0) / values.length;
  }));
}

export function maps(seed, window, shift, pool) {
  const whole = scene(seed);
  return [pooled(view(whole, 0), window, pool), pooled(view(whole, shift), window, pool)];
}

export function kept([rest, moved]) {
  return rest.flat().filter((value, n) => value === moved.flat()[n]).length;
}

/** The probability that an output of max pooling stays, all pixels being alike. */
export function chance(window, shift) {
  return Math.max(window - shift, 0) / (window + shift);
}

const MARKUP = `
  <div class="moving-bar">
    <label>Window <select data-set="window"><option value="2">2 × 2</option><option value="4">4 × 4</option></select></label>
    <label>Pooling <select data-set="pool"><option value="max">largest</option><option value="mean">mean</option></select></label>
    <label class="moving-slider">Shift <input type="range" min="0" max="${ROOM}" step="1" data-set="shift"> <output data-part="shift"></output></label>
  </div>
  <div class="moving-row">
    <table class="moving-grid moving-small"><caption>What the windows see</caption><tbody data-part="view"></tbody></table>
    <table class="moving-grid moving-small"><caption>Pooled, at rest</caption><tbody data-part="rest"></tbody></table>
    <table class="moving-grid moving-small"><caption>Pooled, shifted</caption><tbody data-part="moved"></tbody></table>
  </div>
  <form class="moving-bar">
    <label>How many outputs stay the same? <input type="number" step="1" min="0" max="16" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="new">New scene</button>
    <button type="button" data-do="many">100 scenes</button>
  </form>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const controls = [...el.querySelectorAll("[data-set]")];
  const setting = () => [model.get("window"), model.get("shift"), model.get("pool")];
  const percent = (share) => `${(100 * share).toFixed(1)}%`;
  const short = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1));
  let open = false; // whether the answer is shown

  function rows(values, { window = 1, same = null } = {}) {
    return values.map((line, i) => `<tr>${line.map((value, j) => {
      const level = value ? Math.ceil((3 * value) / (SIDE * (SIDE + ROOM))) : 0;
      const edges = window > 1 ? ` ${i % window === 0 ? "pool-top" : ""} ${j % window === 0 ? "pool-left" : ""}` : "";
      const stays = same && value === same[i][j];
      return `<td data-level="${level}" class="${stays ? "moving-framed" : ""}${edges}">${short(value)}</td>`;
    }).join("")}</tr>`).join("");
  }

  function draw() {
    const [window, shift, pool] = setting();
    const [rest, moved] = maps(model.get("seed"), window, shift, pool);
    for (const control of controls) control.value = model.get(control.dataset.set);
    part("shift").textContent = shift === 1 ? "1 pixel" : `${shift} pixels`;
    part("view").innerHTML = rows(view(scene(model.get("seed")), shift), { window });
    part("rest").innerHTML = rows(rest, { same: open ? moved : null });
    part("moved").innerHTML = open ? rows(moved, { same: rest })
      : rows(moved).replace(/<td data-level="\d"/g, '<td data-level="0"').replace(/>[\d.]+</g, ">?<");
    part("guess").max = rest.flat().length;
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function theory() {
    const [window, shift, pool] = setting();
    if (pool === "mean") return "No formula here: a mean changes whenever what comes in differs from what goes out, but it changes less.";
    const share = percent(chance(window, shift));
    if (shift >= window) return `Old and new windows in one place share no pixel, so the formula gives ${share}.${shift % window ? "" : ` But look: the whole map has moved by ${shift / window}.`}`;
    return `The formula: (${window} − ${shift}) / (${window} + ${shift}) = ${share} stay on average.`;
  }

  function answer(guess) {
    const pair = maps(model.get("seed"), ...setting());
    const [stay, all] = [kept(pair), pair[0].flat().length];
    const change = pair[0].flat().reduce((sum, value, n) => sum + Math.abs(value - pair[1].flat()[n]), 0) / all;
    open = true;
    draw();
    say(guess === stay ? "right" : "wrong", `${guess === stay ? "Right" : "Not quite"}: <strong>${stay} of ${all}</strong> stay (framed); the average change is ${short(change)}.`, theory());
  }

  function many() {
    const [window, shift, pool] = setting();
    const pairs = Array.from({ length: 100 }, (_, n) => maps(model.get("seed") + n, window, shift, pool));
    const all = 100 * (SIDE / window) ** 2;
    const stay = pairs.reduce((sum, pair) => sum + kept(pair), 0);
    say("", `In 100 scenes ${stay} of ${all} outputs stay: <strong>${percent(stay / all)}</strong>.`, theory());
  }

  function restart(change) {
    open = false;
    part("guess").value = "";
    model.set(change);
    draw();
    say("", "Look at what the windows see, and predict.");
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (name) restart({ [name]: name === "pool" ? target.value : Number(target.value) });
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isFinite(guess)) answer(guess);
    else say("", "Type a number first.");
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "new") restart({ seed: model.get("seed") + 1 });
    if (target.dataset.do === "many") many();
  });
  restart({});
}

export default { render };
