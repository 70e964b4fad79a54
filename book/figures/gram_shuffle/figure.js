/* Two feature maps and their Gram matrix. Something is done to the maps: what of the matrix stays? */

/** Shuffle the numbers 0, 1, 2, ...; the same seed gives the same order as in Python. */
export function permutation(seed, count) {
  const order = Array.from({ length: count }, (_, n) => n);
  let state = seed;
  for (let last = count - 1; last > 0; last--) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    const other = (state >>> 8) % (last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** Mean products of the channels, which are rows of places. */
export function gram(channels) {
  return channels.map((one) => channels.map((other) => one.reduce((sum, value, p) => sum + value * other[p], 0) / one.length));
}

export function changed([blue, diagonal], change, seed, width) {
  const shuffled = (channel) => permutation(seed, channel.length).map((p) => channel[p]);
  const mirrored = (channel) => channel.map((_, p) => channel[p - (p % width) + width - 1 - (p % width)]);
  return {
    both: () => [shuffled(blue), shuffled(diagonal)],
    one: () => [blue, shuffled(diagonal)],
    mirror: () => [mirrored(blue), mirrored(diagonal)],
    exchange: () => [diagonal, blue],
    double: () => [blue, diagonal].map((channel) => channel.map((value) => 2 * value)),
    add: () => [blue, diagonal].map((channel) => channel.map((value) => value + 1)),
  }[change]();
}

const meanSquare = (ones, others) =>
  ones.flat().reduce((sum, value, n) => sum + (value - others.flat()[n]) ** 2, 0) / ones.flat().length;

/** The two terms of the loss, against the maps of one picture that gives content and style. */
export function terms(channels, wanted) {
  return { content: meanSquare(channels, wanted), style: meanSquare(gram(channels), gram(wanted)) };
}

export function correlation([one, other]) {
  const centred = (channel) => channel.map((value) => value - channel.reduce((sum, each) => sum + each, 0) / channel.length);
  const [[aa, ab], [, bb]] = gram([centred(one), centred(other)]);
  return ab / Math.sqrt(aa * bb);
}

/** Which part of the Gram matrix is another one: nothing, the product of the two channels alone, or more. */
export function difference(before, after) {
  const [[aa, ab], [, bb]] = gram(before);
  const [[cc, cd], [, dd]] = gram(after);
  return aa !== cc || bb !== dd ? "more" : ab === cd ? "nothing" : "cross";
}

const CHANGES = {
  both: ["shuffle both maps alike",
    "Numbers that stood together still do, and a sum does not ask where. The content is lost, the style is not."],
  one: ["shuffle “diagonal” alone",
    "Each map has the numbers it had, so G₁₁ and G₂₂ stay. But whether blue and diagonal meet is now another matter."],
  mirror: ["mirror both maps",
    "A mirror is a shuffle. (Of maps: mirrored pixels would wake another filter, and then another channel.)"],
  exchange: ["exchange the two maps",
    "G₁₁ and G₂₂ have changed places, for style cares much who is who. G₁₂ is symmetric and stays."],
  double: ["double every number",
    "Each entry is a mean of products, so it is four times as large. A correlation does not notice."],
  add: ["add 1 to every number",
    "A correlation does not notice, and no covariance would. G does: it also holds the means of the channels."],
};
const GUESSES = [["nothing", "nothing"], ["cross", "G₁₂ alone"], ["more", "more than that"]];
const NAMES = Object.fromEntries(GUESSES);
const options = (pairs) => pairs.map(([value, name]) => `<option value="${value}">${name}</option>`).join("");
const row = (name, prime) => `<div class="moving-row gram-row">
    <table class="moving-grid moving-small"><caption>Blue${prime}</caption><tbody data-part="${name}-0"></tbody></table>
    <table class="moving-grid moving-small"><caption>Diagonal${prime}</caption><tbody data-part="${name}-1"></tbody></table>
    <table class="moving-grid gram-matrix"><caption>G${prime}</caption><tbody data-part="${name}-gram"></tbody></table>
  </div>`;
const MARKUP = `${row("before", "")}
  <div class="moving-bar">
    <label>Now <select data-set="change">${options(Object.entries(CHANGES).map(([key, [name]]) => [key, name]))}</select></label>
    <button type="button" data-do="again">Other shuffle</button>
  </div>
  ${row("after", "′")}
  <form class="moving-bar">
    <label>What changes in G? <select data-part="guess">${options(GUESSES)}</select></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <div class="moving-result gram-result" role="status" aria-live="polite"></div>`;

const written = (value) => String(Math.round(value * 100) / 100 + 0).replace("-", "−");
const level = (value, largest) => (value && largest ? Math.min(3, Math.ceil((3 * value) / largest)) : 0);

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const again = el.querySelector('[data-do="again"]');
  const width = model.get("width");
  let open = false; // whether the second matrix is shown

  function pair() {
    const before = model.get("channels");
    return [before, changed(before, model.get("change"), model.get("seed"), width)];
  }

  function table(values, largest, hidden) {
    return values.map((line) => `<tr>${line.map((value) =>
      `<td data-level="${hidden ? 0 : level(value, largest)}">${hidden ? "?" : written(value)}</td>`).join("")}</tr>`).join("");
  }

  function draw() {
    const [before, after] = pair();
    el.querySelector('[data-set="change"]').value = model.get("change");
    again.disabled = !["both", "one"].includes(model.get("change"));
    const rows = (channel) => Array.from({ length: channel.length / width }, (_, i) => channel.slice(i * width, (i + 1) * width));
    for (const [name, channels] of [["before", before], ["after", after]]) {
      channels.forEach((channel, n) => {
        part(`${name}-${n}`).innerHTML = table(rows(channel), 4);
      });
      part(`${name}-gram`).innerHTML = table(gram(channels), 8, name === "after" && !open);
    }
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function answer(guess) {
    const [before, after] = pair();
    const found = difference(before, after);
    const { content, style } = terms(after, before);
    open = true;
    draw();
    const verdict = guess === undefined ? "" : guess === found ? "right" : "wrong";
    const opening = { right: "Right: ", wrong: "Not quite: ", "": "Answer: " }[verdict];
    say(verdict, `${opening}<strong>${NAMES[found]}</strong>. ${CHANGES[model.get("change")][1]}`,
      `Content term <strong>${written(content)}</strong>, style term <strong>${written(style)}</strong>;`
        + ` correlation ${written(correlation(before))} before, ${written(correlation(after))} after.`);
  }

  function restart(change) {
    open = false;
    model.set(change);
    draw();
    say("", "Above, two maps of a picture; below, what became of them. Which entries of G are other ones now? Guess.");
  }

  el.addEventListener("input", ({ target }) => {
    if (target.dataset.set) restart({ change: target.value });
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(part("guess").value);
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "again") restart({ seed: model.get("seed") + 1 });
    if (target.dataset.do === "show") answer();
  });
  restart({});
}

export default { render };
