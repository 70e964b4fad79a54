/* Fifty pictures that the reader labels, up to five guesses each; then the errors beside a net's on the same pictures. */

const SIDE = 28;
const COLUMNS = 10;
const GUESSES = 5;
const ENOUGH = 10; // pictures until the score can be seen
const KEPT = "label-images";

/** Count the pictures whose class is not among the first k guesses; guesses are a string of digits, the likeliest first. */
export function misses(guesses, labels, k) {
  return guesses.filter((each, n) => !each.slice(0, k).includes(labels[n])).length;
}

/** Wilson's 95% interval for the share of which `wrong` of `count` were counted. */
export function wilson(wrong, count) {
  const [z, p] = [1.96, wrong / count];
  const centre = (p + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z * Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count))) / (1 + (z * z) / count);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** Put a class behind the guesses made, or take it out of them; a guess beyond the fifth is not taken. */
export function toggled(guess, digit) {
  if (guess.includes(digit)) return guess.replace(digit, "");
  return guess.length < GUESSES ? guess + digit : guess;
}

const MARKUP = `
  <div class="moving-row">
    <canvas class="label-picture" width="${SIDE}" height="${SIDE}" role="img"></canvas>
    <div class="label-side">
      <p data-part="where"></p>
      <div class="label-classes" role="group" aria-label="Classes; the first you press is your first guess"></div>
    </div>
  </div>
  <div class="moving-bar">
    <button type="button" class="moving-main" data-do="next">Next</button>
    <button type="button" data-do="back">Back</button>
    <button type="button" data-do="score">Score so far</button>
    <button type="button" data-do="reset">Start again</button>
  </div>
  <div class="moving-result" role="status" aria-live="polite"></div>
  <div class="label-score"></div>`;

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (selector) => el.querySelector(selector);
  const [classes, labels, net, everything] = ["classes", "labels", "net", "everything"].map((each) => model.get(each));
  const all = labels.length;
  const canvas = part(".label-picture");
  const sheet = new Image();
  let guesses = read();
  let at = Math.min(guesses.findIndex((each) => !each) < 0 ? all : guesses.findIndex((each) => !each), all - 1);

  function read() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT));
      if (Array.isArray(kept) && kept.length === all && kept.every((each) => /^\d{0,5}$/.test(each))) return kept;
    } catch { /* no storage, or something else in it */ }
    return Array(all).fill("");
  }

  function keep() {
    try {
      localStorage.setItem(KEPT, JSON.stringify(guesses));
    } catch { /* then it lasts as long as the page */ }
  }

  function paint(target, n) {
    const context = target.getContext("2d");
    const [x, y] = [SIDE * (n % COLUMNS), SIDE * Math.floor(n / COLUMNS)];
    context.drawImage(sheet, x, y, SIDE, SIDE, 0, 0, SIDE, SIDE);
  }

  const answered = () => guesses.map((_, n) => n).filter((n) => guesses[n]);
  const named = (digits) => [...digits].map((digit) => classes[digit]).join(", ") || "nothing";

  function say(text, verdict = "") {
    const result = part(".moving-result");
    result.dataset.verdict = verdict;
    result.textContent = text;
  }

  function draw() {
    canvas.setAttribute("aria-label", `Picture ${at + 1} of ${all}`);
    part("[data-part=where]").textContent = `Picture ${at + 1} of ${all}; ${answered().length} labelled.`;
    for (const button of part(".label-classes").children) {
      const rank = guesses[at].indexOf(button.dataset.digit);
      button.setAttribute("aria-pressed", String(rank >= 0));
      button.querySelector("strong").textContent = rank >= 0 ? `guess ${rank + 1}` : "";
    }
    part("[data-do=back]").disabled = at === 0;
    part("[data-do=score]").disabled = answered().length < ENOUGH;
    if (sheet.complete && sheet.naturalWidth) paint(canvas, at);
  }

  function guess(digit) {
    const before = guesses[at];
    guesses[at] = toggled(before, digit);
    keep();
    draw();
    say(guesses[at] === before ? "Five guesses are the most; take one back first." : `Your guesses: ${named(guesses[at])}.`);
  }

  function go(n) {
    at = n;
    draw();
    say(`Picture ${at + 1} of ${all}.`);
  }

  function next() {
    if (!guesses[at]) say("Make a guess first; one is enough.");
    else if (at + 1 < all) go(at + 1);
    else score();
  }

  function shares(wrong, count) {
    const percent = (share) => `${Math.round(100 * share)}%`;
    const [low, high] = wilson(wrong, count);
    return `${percent(wrong / count)} (${percent(low)} to ${percent(high)})`;
  }

  function score() {
    const done = answered();
    const [yours, nets] = [done.map((n) => guesses[n]), done.map((n) => net[n])];
    const right = done.map((n) => labels[n]);
    const rows = [1, 2, GUESSES].map((k) => {
      const cells = [shares(misses(yours, right, k), done.length), shares(misses(nets, right, k), done.length),
        `${((100 * everything[k]) / everything.count).toFixed(1)}%`];
      return `<tr><th scope="row">top-${k}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
    });
    const both = done.filter((n) => guesses[n][0] !== labels[n] || net[n][0] !== labels[n]);
    const wrong = both.map((n) => `<tr><th scope="row"><canvas width="${SIDE}" height="${SIDE}" data-picture="${n}" role="img"
      aria-label="Picture ${n + 1}"></canvas> ${n + 1}</th><td>${classes[labels[n]]}</td><td>${named(guesses[n])}</td><td>${classes[net[n][0]]}</td></tr>`);
    const scroll = (label, table) => `<div class="moving-wide" tabindex="0" role="region" aria-label="${label}">${table}</div>`;
    part(".label-score").innerHTML = scroll("Errors", `<table class="moving-table"><caption>Errors, with 95% intervals</caption><thead><tr>
      <th scope="col">Error</th><th scope="col">You, ${done.length} pictures</th><th scope="col">LeNet-5, the same</th>
      <th scope="col">LeNet-5, ${everything.count} pictures</th></tr></thead><tbody>${rows.join("")}</tbody></table>`)
      + (wrong.length ? scroll("Mistakes", `<table class="moving-table"><caption>Where your first guess or the net's is wrong</caption><thead><tr>
      <th scope="col">Picture</th><th scope="col">Label</th><th scope="col">You</th><th scope="col">LeNet-5</th></tr></thead>
      <tbody>${wrong.join("")}</tbody></table>`) : "");
    for (const small of el.querySelectorAll("[data-picture]")) paint(small, Number(small.dataset.picture));
    const [you, it] = [misses(yours, right, 1), misses(nets, right, 1)];
    say(`Of ${done.length} pictures your first guess is wrong for ${you}, the net's for ${it}. The tables below say more.`);
  }

  function reset() {
    guesses = Array(all).fill("");
    keep();
    part(".label-score").replaceChildren();
    go(0);
  }

  part(".label-classes").innerHTML = classes.map((name, digit) =>
    `<button type="button" data-digit="${digit}"><kbd>${digit}</kbd> ${name} <strong></strong></button>`).join("");
  el.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button?.dataset.digit) guess(button.dataset.digit);
    if (button?.dataset.do) ({ next, score, reset, back: () => go(at - 1) })[button.dataset.do]();
  });
  el.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(".moving-wide")) return;
    if (/^\d$/.test(event.key)) guess(event.key);
    else if (event.key === "ArrowRight") next();
    else if (event.key === "ArrowLeft" && at > 0) go(at - 1);
    else return;
    event.preventDefault();
  });
  sheet.addEventListener("load", draw);
  sheet.src = model.get("sheet");
  draw();
  say("Press the likeliest class first; up to five guesses. Digits and the arrow keys do the same.");
}

export default { render };
