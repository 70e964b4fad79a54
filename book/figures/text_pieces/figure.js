/* Two texts under a layer of filters with a maximum over time: it knows which pieces of K letters a text holds, and no more. */

/** List the different pieces of K letters of a text, in the order in which they come. */
export function pieces(text, width) {
  return [...new Set(Array.from({ length: Math.max(text.length - width + 1, 0) }, (_, t) => text.slice(t, t + width)))];
}

/** Slide the filter that searches for a piece over a text: a point for each letter in place, minus K - 1, rectified. */
export function answers(text, piece) {
  return Array.from({ length: Math.max(text.length - piece.length + 1, 0) }, (_, t) => {
    const points = [...piece].filter((letter, k) => text[t + k] === letter).length;
    return Math.max(0, points - (piece.length - 1));
  });
}

/** Sort the pieces of two texts; where nothing is in one text alone, no filters of this width tell them apart. */
export function compare(first, second, width) {
  const [a, b] = [pieces(first, width), pieces(second, width)];
  return {
    both: a.filter((piece) => b.includes(piece)),
    first: a.filter((piece) => !b.includes(piece)),
    second: b.filter((piece) => !a.includes(piece)),
  };
}

/** Find the smallest width whose pieces differ; 0 if there is none. */
export function smallestWidth(first, second) {
  const widths = Array.from({ length: Math.max(first.length, second.length) }, (_, n) => n + 1);
  return widths.find((width) => {
    const found = compare(first, second, width);
    return found.first.length + found.second.length > 0;
  }) ?? 0;
}

const MOST = 14; // letters of a text
const WIDEST = 5;
const MARKUP = `
  <div class="moving-bar">
    <label>Texts <select data-set="pair"></select></label>
    <label class="moving-slider">Filter width K
      <input type="range" min="1" max="${WIDEST}" data-set="width"> <output data-part="width"></output></label>
  </div>
  <div class="pieces-fields">${[["first", "A"], ["second", "B"]].map(([name, label]) =>
    `<label>${label} <input type="text" maxlength="${MOST}" spellcheck="false" autocomplete="off" autocapitalize="off"
      data-set="${name}"></label>`).join("")}</div>
  <div class="moving-bar">
    <span>Can any filters of this width tell A from B?</span>
    <button type="button" data-guess="yes">Yes</button>
    <button type="button" data-guess="no">No</button>
    <button type="button" data-do="show">Show it</button>
  </div>
  <div class="pieces" data-part="pieces"></div>
  <div data-part="texts"></div>
  <div class="moving-result pieces-result" role="status" aria-live="polite"></div>`;

const shown = (text) => text.replaceAll(" ", "␣");

/** Draw a text as cells with the filter's answer under each place where it can lie; the places that it finds are filled. */
function strip(name, text, piece) {
  const found = answers(text, piece);
  const inside = (n) => found.some((value, t) => value && n >= t && n < t + piece.length);
  const letters = [...text].map((letter, n) => `<g class="${inside(n) ? "pieces-hit" : "pieces-cell"}">`
    + `<rect x="${n + 0.04}" y="0.04" width="0.92" height="1.1" rx="0.14"/>`
    + `<text x="${n + 0.5}" y="0.6">${shown(letter)}</text></g>`);
  const values = found.map((value, t) =>
    `<text class="${value ? "pieces-one" : "pieces-zero"}" x="${t + 0.5}" y="1.65">${value}</text>`);
  const most = Math.max(0, ...found);
  return `<p class="moving-name">${name}: the filter's answer at each step, <strong>maximum ${most}</strong></p>`
    + `<svg class="pieces-strip" width="${MOST * 34}" viewBox="0 0 ${MOST} 2.1" role="img" aria-label="Text ${name}, ${text}.`
    + ` The filter answers ${found.join(", ")}">${letters.join("")}${values.join("")}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const control = (name) => el.querySelector(`[data-set="${name}"]`);
  const pairs = model.get("pairs");
  let open = false; // whether the pieces are shown
  control("pair").innerHTML = [...pairs.map(([name]) => name), "my own"].map((name) => `<option>${name}</option>`).join("");
  const now = () => ["first", "second", "width"].map((name) => model.get(name));

  /** Name the piece whose filter is drawn: the chosen one, as long as some text holds it, or the first that differs. */
  function piece() {
    const { both, first, second } = compare(...now());
    const all = [...first, ...second, ...both];
    if (all.includes(model.get("piece"))) return model.get("piece");
    return open ? all[0] : pieces(model.get("first"), model.get("width"))[0];
  }

  function draw() {
    const [first, second, width] = now();
    control("pair").value = model.get("pair");
    control("width").value = width;
    part("width").textContent = width;
    for (const name of ["first", "second"]) if (control(name) !== document.activeElement) control(name).value = model.get(name);
    const chosen = piece();
    const groups = compare(first, second, width);
    const kinds = [["both", "in both"], ["first", "in A only"], ["second", "in B only"]];
    const focused = document.activeElement?.dataset.piece;
    part("pieces").innerHTML = kinds.map(([key, name]) => {
      const chips = groups[key].map((each) => `<li><button type="button" class="pieces-${key}" data-piece="${each}"`
        + ` aria-pressed="${each === chosen}">${shown(each)}</button></li>`);
      const inner = !open ? "<li>?</li>" : chips.join("") || "<li>none</li>";
      const count = open ? `${groups[key].length} ` : "";
      return `<div class="pieces-group"><p class="moving-name">${count}${name}</p><ul>${inner}</ul></div>`;
    }).join("");
    if (focused !== undefined) el.querySelector(`[data-piece="${focused}"]`)?.focus();
    part("texts").innerHTML = `<p class="moving-name">The filter that searches for`
      + ` <strong class="pieces-sought">${shown(chosen)}</strong></p>`
      + strip("A", first, chosen) + strip("B", second, chosen);
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function answer(guess) {
    const [first, second, width] = now();
    const groups = compare(first, second, width);
    const apart = groups.first.length + groups.second.length;
    const smallest = smallestWidth(first, second);
    open = true;
    draw();
    const verdict = guess === undefined ? "" : (guess === "yes") === apart > 0 ? "right" : "wrong";
    const before = { right: "Right: ", wrong: "Not quite: ", "": "" }[verdict];
    const only = apart === 1 ? `1 piece of ${width} stands` : `${apart} pieces of ${width} stand`;
    const lines = apart ? [`<strong>yes</strong>. ${only} in one text only, and the filter that searches for such a piece`
        + " has another maximum there.", smallest < width ? `Width ${smallest} would do.` : "No smaller width does it."]
      : [`<strong>no</strong>. Both hold the same ${groups.both.length} pieces of ${width}. Whatever its weights, every filter`
        + " has the same maximum in both, and nothing behind it can help.",
      smallest ? `Width ${smallest} is the first that does it.` : "No width does it: the texts are equal."];
    say(verdict, before + lines[0], lines[1]);
  }

  function hide(note = "") {
    open = false;
    draw();
    say(note ? "wrong" : "", note || "Of every filter, one number is left, its maximum over time: when it came is forgotten,"
      + " and how often. Predict first.");
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (name === "pair") {
      const found = pairs.find((each) => each[0] === target.value);
      if (found) model.set({ pair: found[0], first: found[1], second: found[2], width: found[3] });
      else model.set("pair", "my own");
      hide();
    } else if (name === "width") {
      model.set("width", target.valueAsNumber);
      hide();
    } else if (name) {
      const text = target.value.toLowerCase();
      const wrong = /[^a-z ]/.test(text) ? "Only letters from a to z and blanks: they are the 27 channels."
        : text.length < WIDEST ? `A text needs at least ${WIDEST} letters, the widest filter here.` : "";
      if (!wrong) model.set({ [name]: text, pair: "my own" });
      hide(wrong);
    }
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.type === "text") target.value = model.get(target.dataset.set);
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.guess) answer(target.dataset.guess);
    if (target.dataset.do === "show") answer();
    if (target.dataset.piece !== undefined) {
      model.set("piece", target.dataset.piece);
      draw();
    }
  });
  hide();
}

export default { render };
