/* Ten stored digits and a copy of one of them: move the copy by a pixel, and see which stored digit is now nearest to it. */

const SIDE = 8;

/** Move an image by whole pixels; what appears at the border is black, and what leaves is gone. */
export function moved(image, right, down) {
  return image.map((row, i) => row.map((_, j) => image[i - down]?.[j - right] ?? 0));
}

/** Deal the 64 pixels out anew, always in the same order, so that every image is shuffled alike. */
export function shuffled(image) {
  const order = Array.from({ length: SIDE * SIDE }, (_, n) => n);
  let state = 1;
  for (let n = order.length - 1; n > 0; n--) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    const other = Math.floor(((n + 1) * state) / 2 ** 32);
    [order[n], order[other]] = [order[other], order[n]];
  }
  return image.map((row, i) => row.map((_, j) => {
    const from = order[SIDE * i + j];
    return image[Math.floor(from / SIDE)][from % SIDE];
  }));
}

/** Add up the squared differences of two images, pixel by pixel. */
export function squares(a, b) {
  return a.flat().reduce((sum, value, n) => sum + (value - b.flat()[n]) ** 2, 0);
}

/** Return the place of the smallest number, the first of equal ones. */
export function nearest(distances) {
  return distances.indexOf(Math.min(...distances));
}

const FARTHEST = 3;
const MOVES = [["left", "←", -1, 0], ["right", "→", 1, 0], ["up", "↑", 0, -1], ["down", "↓", 0, 1]];
const OPTIONS = Array.from({ length: 10 }, (_, n) => `<option>${n}</option>`).join("");
const MARKUP = `
  <div class="moving-bar">
    <label>Digit <select data-set="digit">${OPTIONS}</select></label>
    <span class="pixels-moves" role="group" aria-label="Move it by one pixel">${MOVES.map(([word, arrow], n) =>
      `<button type="button" class="moving-main" data-move="${n}" aria-label="Move ${word}">${arrow}</button>`).join("")}</span>
    <button type="button" data-move="back">Move it back</button>
    <label><input type="checkbox" data-set="shuffle"> Shuffle the pixels of all images alike</label>
  </div>
  <div class="pixels-row" data-part="pictures"></div>
  <p class="moving-name">The stored digits, and how far each is from your copy. Press one to compare with it.</p>
  <div class="pixels-shelf"></div>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const written = (value) => String(value).replace("-", "−");
const level = (value) => Math.sign(value) * Math.ceil((3 * Math.abs(value)) / 16);
const length = (sum) => Math.sqrt(sum).toFixed(1);

/** Draw an image as grey cells, or a difference on the signed scale; with a number in each cell where there is room. */
function picture(image, words, { signed = false, numbers = true } = {}) {
  const cells = image.flatMap((row, i) => row.map((value, j) => {
    const paint = signed ? `data-level="${level(value)}"` : `fill="rgb(${Array(3).fill(Math.round((value * 255) / 16))})"`;
    const ink = signed ? "" : value > 7 ? "pixels-dark" : "pixels-light";
    const text = `<text class="${ink}" x="${j + 0.5}" y="${i + 0.5}">${written(value)}</text>`;
    return `<rect ${paint} x="${j}" y="${i}" width="1" height="1"/>${numbers ? text : ""}`;
  }));
  return `<svg class="pixels${signed ? " pixels-signed" : ""}" viewBox="0 0 ${SIDE} ${SIDE}" role="img" aria-label="${words}">`
    + `${cells.join("")}</svg>`;
}

function place(right, down) {
  const parts = [[right, "left", "right"], [down, "up", "down"]].filter(([amount]) => amount)
    .map(([amount, less, more]) => `${Math.abs(amount)} ${amount < 0 ? less : more}`);
  return parts.length ? `moved ${parts.join(" and ")}` : "in its place";
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const stored = model.get("stored");
  const shelf = el.querySelector(".pixels-shelf");
  shelf.innerHTML = stored.map((_, n) => `<button type="button" data-compare="${n}"></button>`).join("");

  function draw() {
    const { digit, right, down, shuffle, compare } = Object.fromEntries(
      ["digit", "right", "down", "shuffle", "compare"].map((name) => [name, model.get(name)]));
    const seen = (image) => (shuffle ? shuffled(image) : image);
    const copy = seen(moved(stored[digit], right, down));
    const sums = stored.map((image) => squares(copy, seen(image)));
    const closest = nearest(sums);
    const other = compare ?? closest;
    const where = place(right, down);
    const difference = copy.map((row, i) => row.map((value, j) => value - seen(stored[other])[i][j]));
    el.querySelector('[data-set="digit"]').value = digit;
    el.querySelector('[data-set="shuffle"]').checked = shuffle;
    const apart = picture(difference, `Their difference; its squares add up to ${sums[other]}`, { signed: true });
    const titled = (title, svg, kind = "") => `<div class="${kind}"><p class="moving-name">${title}</p>${svg}</div>`;
    el.querySelector('[data-part="pictures"]').innerHTML = titled(`Your ${digit}, ${where}`,
      picture(copy, `The ${digit} ${where}, as ${copy.length} rows of grey levels from 0 to 16${shuffle ? ", shuffled" : ""}`))
      + titled(`The stored ${other}`, picture(seen(stored[other]), `The stored ${other}`), "pixels-second")
      + titled("Their difference", apart, "pixels-third");
    shelf.querySelectorAll("button").forEach((button, n) => {
      button.setAttribute("aria-pressed", String(n === other));
      button.classList.toggle("pixels-nearest", n === closest);
      button.innerHTML = `${picture(seen(stored[n]), `Stored ${n}`, { numbers: false })}<span>${length(sums[n])}</span>`
        + `<span class="pixels-word">${n === closest ? "nearest" : "&nbsp;"}</span>`;
    });
    say({ digit, right, down, shuffle }, sums, closest, other);
  }

  function say({ digit, right, down, shuffle }, sums, closest, other) {
    const result = el.querySelector(".moving-result");
    const away = right || down;
    result.dataset.verdict = away ? (closest === digit ? "right" : "wrong") : "";
    const own = length(sums[digit]);
    const found = !away
      ? `The nearest stored image is the ${digit} itself. Now move your copy by one pixel: which will be the nearest?`
      : closest === digit ? `The nearest is still the ${digit}, now at <strong>${own}</strong> and no longer at 0.`
        + " Try another direction or another digit."
        : `The nearest is the <strong>${closest}</strong>, at ${length(sums[closest])}. The ${digit} itself is ${own} away: `
          + `the moved ${digit} is closer to a ${closest} than to itself.`;
    const order = shuffle ? "Shuffled, no eye finds a digit. Yet all ten distances are what they were." : "";
    result.innerHTML = `<p>${found}</p><p class="moving-sum">d² to the ${other}: 64 squares add up to ${sums[other]}</p>`
      + `<p>${order}</p>`;
  }

  el.addEventListener("change", ({ target }) => {
    if (target.dataset.set === "digit") model.set({ digit: Number(target.value), compare: null });
    if (target.dataset.set === "shuffle") model.set("shuffle", target.checked);
  });
  el.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button?.dataset.compare) model.set("compare", Number(button.dataset.compare));
    if (button?.dataset.move === "back") model.set({ right: 0, down: 0, compare: null });
    const step = MOVES[button?.dataset.move];
    if (step) {
      const within = (value) => Math.max(-FARTHEST, Math.min(FARTHEST, value));
      model.set({ right: within(model.get("right") + step[2]), down: within(model.get("down") + step[3]), compare: null });
    }
  });
  model.on("change", draw);
  draw();
}

export default { render };
