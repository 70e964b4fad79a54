/* Views of one small picture: mirrored, upside down, turned, moved. How many different ones are there, and what do they show? */

const FRAME = 9; // pixels along each side of the picture

/** Apply the same views to a picture as often as they are drawn: first the mirrors, then quarter turns, clockwise. */
export function turned(picture, { mirror, upside, quarters }) {
  let rows = picture.map((row) => [...row]);
  if (mirror) rows = rows.map((row) => row.reverse());
  if (upside) rows = rows.reverse();
  for (let n = 0; n < quarters; n++) rows = rows[0].map((_, j) => rows.map((row) => row[j]).reverse());
  return rows.map((row) => row.join(""));
}

/** List the different shapes that the allowed views make of a picture, each with one way to it; the picture itself is first. */
export function shapes(picture, allowed) {
  const found = new Map();
  for (const quarters of allowed.quarters ? [0, 1, 2, 3] : [0]) {
    for (const upside of allowed.upside ? [0, 1] : [0]) {
      for (const mirror of allowed.mirror ? [0, 1] : [0]) {
        const way = { mirror, upside, quarters };
        const shape = turned(picture, way);
        if (!found.has(shape.join("/"))) found.set(shape.join("/"), { shape, way });
      }
    }
  }
  return [...found.values()];
}

/** Name the class whose picture this is, pixel by pixel; null if there is none. */
export function named(shape, classes) {
  return Object.keys(classes).find((name) => classes[name].join("/") === shape.join("/")) ?? null;
}

/** Count the draws, the different pictures, and what they show: the same label, another's, or nothing that comes. */
export function counted(name, classes, allowed) {
  const places = (2 * allowed.by + 1) ** 2;
  const found = shapes(classes[name], allowed);
  const labels = found.map(({ shape }) => named(shape, classes));
  const many = (kind) => labels.filter(kind).length * places;
  return {
    draws: (allowed.mirror ? 2 : 1) * (allowed.upside ? 2 : 1) * (allowed.quarters ? 4 : 1) * places,
    different: found.length * places,
    same: many((label) => label === name),
    other: many((label) => label !== null && label !== name),
    none: many((label) => label === null),
  };
}

/** Sort all classes by the worst that these views do to them. */
export function sorted(classes, allowed) {
  const groups = { keep: [], become: [], nothing: [] };
  for (const name of Object.keys(classes)) {
    const { other, none } = counted(name, classes, allowed);
    groups[other ? "become" : none ? "nothing" : "keep"].push(name);
  }
  return groups;
}

/** Draw views as a generator does in training; the same seed gives the same views. */
export function draws(seed, count, allowed) {
  let state = Math.imul(seed, 2654435761) >>> 0;
  const below = (limit) => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return Math.floor((limit * state) / 2 ** 32);
  };
  return Array.from({ length: count }, () => ({
    mirror: allowed.mirror ? below(2) : 0,
    upside: allowed.upside ? below(2) : 0,
    quarters: allowed.quarters ? below(4) : 0,
    down: below(2 * allowed.by + 1) - allowed.by,
    right: below(2 * allowed.by + 1) - allowed.by,
  }));
}

const SHOWN = 16; // draws in the sheet
const VIEWS = [["mirror", "mirror"], ["upside", "upside down"], ["quarters", "quarter turns"]];
const MARKUP = `
  <div class="moving-bar">
    <label>Classes <select data-set="set"></select></label>
    <label>Picture <select data-set="name"></select></label>
    <label class="moving-slider">moves by up to <input type="range" min="0" max="2" data-set="by">
      <output data-part="by"></output></label>
  </div>
  <div class="moving-bar">${VIEWS.map(([name, label]) =>
    `<label><input type="checkbox" data-set="${name}"> ${label}</label>`).join("")}</div>
  <form class="moving-bar">
    <label>How many different pictures? <input type="number" step="1" min="1" max="999" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
    <button type="button" data-do="again">Draw again</button>
  </form>
  <p class="moving-name" data-part="caption"></p>
  <div data-part="sheet"></div>
  <div class="moving-result views-result" role="status" aria-live="polite"></div>`;

const listed = (all) => (all.length < 2 ? `${all}` : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`);

/** Draw a shape in its frame, moved away from the middle. */
function drawing(shape, words, { down = 0, right = 0 } = {}) {
  const [top, left] = [shape.length, shape[0].length].map((size) => Math.floor((FRAME - size) / 2));
  const ink = shape.flatMap((row, i) => [...row].flatMap((value, j) => (value === "1"
    ? [`<rect x="${left + right + j}" y="${top + down + i}" width="1.02" height="1.02"/>`] : [])));
  return `<svg viewBox="0 0 ${FRAME} ${FRAME}" role="img" aria-label="${words}">${ink.join("")}</svg>`;
}

function inWords({ mirror, upside, quarters }) {
  const both = mirror && upside; // together they are half a turn
  const turn = ["", "¼ turn", "½ turn", "¾ turn"][(quarters + (both ? 2 : 0)) % 4];
  return [!both && mirror && "mirrored", !both && upside && "upside down", turn].filter(Boolean).join(", ") || "as it is";
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const control = (name) => el.querySelector(`[data-set="${name}"]`);
  const sets = model.get("sets");
  const allowed = () => Object.fromEntries(["mirror", "upside", "quarters", "by"].map((name) => [name, model.get(name)]));
  let open = false; // whether the views are shown
  control("set").innerHTML = Object.keys(sets).map((name) => `<option>${name}</option>`).join("");

  function draw() {
    const classes = sets[model.get("set")];
    const [name, views] = [model.get("name"), allowed()];
    control("set").value = model.get("set");
    control("name").innerHTML = Object.keys(classes).map((each) => `<option>${each}</option>`).join("");
    control("name").value = name;
    for (const [view] of VIEWS) control(view).checked = views[view];
    control("by").value = views.by;
    part("by").textContent = `${views.by} px`;
    part("sheet").className = `views-sheet${open ? " views-open" : ""}`;
    part("sheet").innerHTML = open ? labelled(classes, name, views) : drawn(classes, name, views);
    part("caption").textContent = open ? `All its shapes, each in ${(2 * views.by + 1) ** 2} places`
      : `${SHOWN} draws of the generator, all with the label ${name}`;
  }

  const drawn = (classes, name, views) => draws(model.get("seed"), SHOWN, views).map((way) =>
    drawing(turned(classes[name], way), `${inWords(way)}, moved by ${way.right} and ${way.down}`, way)).join("");

  const labelled = (classes, name, views) => shapes(classes[name], views).map(({ shape, way }) => {
    const label = named(shape, classes);
    const kind = label === name ? "same" : label === null ? "none" : "other";
    const shows = { same: `still ${name}`, other: `now ${label}`, none: `no ${model.get("set").slice(0, -1)}` }[kind];
    return `<div class="views-one views-${kind}">${drawing(shape, `${inWords(way)}: ${shows}`)}`
      + `<div><strong>${shows}</strong><br>${inWords(way)}</div></div>`;
  }).join("");

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function answer(guess) {
    const classes = sets[model.get("set")];
    const [name, views] = [model.get("name"), allowed()];
    const { draws, different, same, other, none } = counted(name, classes, views);
    open = true;
    draw();
    const verdict = guess === undefined ? "" : guess === different ? "right" : "wrong";
    const before = { right: "Right: ", wrong: "Not quite: ", "": "" }[verdict];
    const twice = different < draws ? `; the generator has ${draws} draws, and some come out alike` : "";
    const wrong = [other && `${other} show another class`, none && `${none} show none of the classes`].filter(Boolean);
    const groups = sorted(classes, views);
    const says = [groups.keep.length && `Safe with these views: ${listed(groups.keep)}.`,
      groups.become.length && `Learned under a wrong name: ${listed(groups.become)}.`,
      groups.nothing.length && `Shapes that never come: ${listed(groups.nothing)}.`].filter(Boolean);
    say(verdict, `${before}<strong>${different} different</strong> picture${different > 1 ? "s" : ""}${twice}.`,
      wrong.length ? `All are learned with the label ${name}, but only ${same} show it: ${wrong.join(", ")}.`
        : `Each of them still shows the ${name}.`, says.join(" "));
  }

  function hide() {
    open = false;
    draw();
    say("", "Choose the views that may be drawn. How many different pictures does one become, and what do they show?"
      + " Predict, then look.");
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (!name) return;
    const value = target.type === "checkbox" ? target.checked : target.type === "range" ? target.valueAsNumber : target.value;
    model.set(name === "set" ? { set: value, name: Object.keys(sets[value])[0] } : { [name]: value });
    part("guess").value = "";
    hide();
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isFinite(guess)) answer(guess);
    else say("", "Type a number first.");
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "show") answer();
    if (target.dataset.do === "again") {
      model.set("seed", model.get("seed") + 1);
      hide();
    }
  });
  hide();
}

export default { render };
