/* C3 of LeNet-5: which of the six maps of S2 each of its filters reads, what that costs, and which filters could swap places. */

export function connections(table) {
  return table.reduce((sum, maps) => sum + maps.length, 0);
}

/** Count one kernel for each connection and one bias for each filter. */
export function parameters(table, kernel) {
  return connections(table) * kernel ** 2 + table.length;
}

/** Count each weight once at every position of a map, as the chapter does. */
export function multiplyAdds(table, kernel, side) {
  return connections(table) * kernel ** 2 * side ** 2;
}

/** Count for every map of S2 the filters that read it. */
export function readers(table, inputs) {
  return Array.from({ length: inputs }, (_, map) => table.filter((maps) => maps.includes(map)).length);
}

const key = (maps) => [...maps].sort((a, b) => a - b).join(" ");

/** Give each filter a letter; filters that read the same maps share theirs. */
export function letters(table) {
  const kinds = [...new Set(table.map(key))];
  return table.map((maps) => String.fromCharCode(65 + kinds.indexOf(key(maps))));
}

/** Count the orders of the filters that make the same table: each group of equal filters in any order of its own. */
export function orders(table) {
  const seen = {};
  return letters(table).reduce((product, letter) => product * (seen[letter] = (seen[letter] ?? 0) + 1), 1);
}

/** Count the renumberings of the maps of S2 after which the table has the same filters, in whatever order. */
export function renumberings(table, inputs) {
  const orderless = (of) => of.map(key).sort().join("|");
  const before = orderless(table);
  const every = (rest) => (rest.length
    ? rest.flatMap((one) => every(rest.filter((n) => n !== one)).map((tail) => [one, ...tail])) : [[]]);
  return every(Array.from({ length: inputs }, (_, n) => n))
    .filter((order) => orderless(table.map((maps) => maps.map((map) => order[map]))) === before).length;
}

/** Find the fewest connections that give every filter a set of its own, and none an empty one: small sets first. */
export function fewest(filters, inputs) {
  const maps = Array.from({ length: inputs }, (_, n) => n);
  const sets = Array.from({ length: 2 ** inputs - 1 }, (_, n) => maps.filter((map) => (n + 1) & (1 << map)));
  return connections(sets.sort((a, b) => a.length - b.length).slice(0, filters));
}

const INPUTS = 6;
const KERNEL = 5;
const SIDE = 10;
const all = Array.from({ length: INPUTS }, (_, n) => n);
const frugal = [...all.map((n) => [n]), ...all.flatMap((a) => all.filter((b) => b > a).map((b) => [a, b])).slice(0, 10)];
const TABLES = {
  "of 1998": null, // the first state
  "all to all, as today": Array.from({ length: 16 }, () => all),
  "two groups of three": Array.from({ length: 16 }, (_, n) => (n < 8 ? [0, 1, 2] : [3, 4, 5])),
  "one map each": Array.from({ length: 16 }, (_, n) => [n % INPUTS]),
};
const MARKUP = `
  <div class="moving-bar"><label>Table <select data-part="preset">
    ${Object.keys(TABLES).map((name) => `<option>${name}</option>`).join("")}<option value="" disabled>your own</option>
  </select></label></div>
  <div class="connect" data-part="grid" role="group"
    aria-label="Filters of C3 and the maps of S2 that they read: arrow keys move, space switches"></div>
  <div class="moving-row"><div data-part="counts"></div>
    <form class="connect-question">
      <label for="connect-guess">Predict: with how few connections can all 16 filters differ, none of them empty?</label>
      <div class="moving-bar"><input type="number" step="1" min="1" max="96" id="connect-guess" data-part="guess">
        <button type="submit" class="moving-main">Check</button>
        <button type="button" data-do="show">Show it</button></div></form></div>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const many = (number) => number.toLocaleString("en-US");
const listed = (units) => (units.length < 2 ? `${units[0]}` : `${units.slice(0, -1).join(", ")} and ${units.at(-1)}`);

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const first = model.get("table");
  const grid = part("grid");
  const buttons = (n) => all.map((map) => `<button type="button" tabindex="-1" data-at="${n} ${map}">${map}</button>`);
  grid.innerHTML = first.map((_, n) => `<div class="connect-filter"><span class="connect-name">${n}</span>
    ${buttons(n).join("")}<span class="connect-letter"></span></div>`).join("");
  const cells = [...grid.querySelectorAll("button")]; // filter by filter
  cells[0].tabIndex = 0;

  /** Say what is true of the table: who is read, who could swap, what could be renumbered. */
  function describe(table) {
    const read = readers(table, INPUTS);
    const [least, most] = [Math.min(...read), Math.max(...read)];
    const unread = all.filter((map) => !read[map]);
    const deaf = table.flatMap((maps, n) => (maps.length ? [] : [n]));
    const swaps = orders(table);
    const kinds = new Set(letters(table)).size;
    const same = renumberings(table, INPUTS);
    const use = unread.length
      ? `Nobody reads map ${listed(unread)}: no gradient reaches ${unread.length > 1 ? "their kernels" : "its kernel"} in C1.`
      : deaf.length ? `Filter ${listed(deaf)} reads nothing: what it hands on is a constant, its bias.`
        : `Each map of S2 is read by ${least === most ? least : `${least} to ${most}`} of the 16 filters.`;
    const twins = swaps === 1 ? "<strong>No two filters</strong> read the same maps: 16 letters, and nobody can swap places."
      : `Only <strong>${kinds} different</strong> filter${kinds > 1 ? "s" : ""}:`
        + ` ${many(swaps)} ways to reorder them leave the table as it is.`;
    const circle = same === 1 ? "Renumber the maps of S2 in any way, and it is another table."
      : `Of 720 numberings of the maps of S2, <strong>${same}</strong> give this table`
        + `${same === 12 ? ": it is a circle, turned or mirrored" : ""}.`;
    return [use, twins, circle];
  }

  function draw() {
    const table = model.get("table");
    const names = letters(table);
    const twins = (letter) => names.filter((each) => each === letter).length > 1;
    cells.forEach((cell) => {
      const [n, map] = cell.dataset.at.split(" ").map(Number);
      cell.setAttribute("aria-pressed", String(table[n].includes(map)));
      cell.setAttribute("aria-label", `Filter ${n} reads map ${map}`);
    });
    [...grid.children].forEach((column, n) => {
      column.classList.toggle("connect-twin", twins(names[n]));
      column.lastElementChild.textContent = names[n];
    });
    const same = (other) => other.map(key).join("|") === table.map(key).join("|");
    part("preset").value = Object.keys(TABLES).find((name) => same(TABLES[name] ?? first)) ?? "";
    const full = TABLES["all to all, as today"];
    const row = (name, count) =>
      `<tr><th scope="row">${name}</th><td>${many(count(table))}</td><td>${many(count(full))}</td></tr>`;
    part("counts").innerHTML = `<table class="moving-table">
      <caption>C3: kernels of ${KERNEL} × ${KERNEL}, maps of ${SIDE} × ${SIDE}</caption>
      <thead><tr><td></td><th scope="col">this table</th><th scope="col">all to all</th></tr></thead><tbody>
      ${row("connections", connections)}${row("parameters", (of) => parameters(of, KERNEL))}
      ${row("multiply-adds", (of) => multiplyAdds(of, KERNEL, SIDE))}</tbody></table>`;
    say("", describe(table));
  }

  function say(verdict, lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function answer(guess) {
    const least = fewest(16, INPUTS);
    const verdict = guess === undefined ? "" : guess === least ? "right" : "wrong";
    if (verdict === "wrong") {
      const why = guess < least ? "So few make no 16 different sets" : "It takes fewer";
      return say(verdict, [`Not ${many(guess)}. ${why}: how many sets of one map are there, and how many of two?`]);
    }
    model.set("table", frugal);
    return say(verdict, [
      `${verdict ? "Right: " : ""}<strong>${least}</strong>, six sets of one map and ten of two:`
        + ` ${many(parameters(frugal, KERNEL))} parameters, and no two filters are alike.`,
      "To be different is cheap. The paper spends 60: each of its filters combines three maps or more,"
        + " and each map is read by ten filters."]);
  }

  function move(from, step) {
    const to = cells[from + step];
    if (!to) return;
    cells[from].tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  grid.addEventListener("keydown", (event) => {
    const from = cells.indexOf(event.target);
    const map = from % INPUTS;
    const steps = { ArrowLeft: -INPUTS, ArrowRight: INPUTS, ArrowUp: map ? -1 : 0, ArrowDown: map < INPUTS - 1 ? 1 : 0 };
    const step = steps[event.key];
    if (step === undefined || from < 0) return;
    event.preventDefault();
    move(from, step);
  });
  grid.addEventListener("click", ({ target }) => {
    const at = cells.indexOf(target);
    if (at < 0) return;
    const from = cells.findIndex((cell) => cell.tabIndex === 0);
    move(from, at - from);
    const [n, map] = target.dataset.at.split(" ").map(Number);
    model.set("table", model.get("table").map((maps, each) =>
      (each !== n ? maps : maps.includes(map) ? maps.filter((one) => one !== map) : [...maps, map])));
  });
  part("preset").addEventListener("input", ({ target }) => model.set("table", TABLES[target.value] ?? first));
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isFinite(guess)) answer(guess);
    else say("", ["Type a number of connections first."]);
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "show") answer();
  });
  model.on("change", draw);
  draw();
}

export default { render };
