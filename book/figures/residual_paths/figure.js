/* A row of residual blocks y = x + a x as the sum of all its paths; deleting a block removes the half that passes its branch. */

/** List all paths through the blocks, each as the branches that it takes, short ones first. */
export function paths(count) {
  const found = Array.from({ length: 2 ** count }, (_, code) =>
    Array.from({ length: count }, (_, n) => n).filter((n) => code & (1 << (count - 1 - n))));
  return found.map((path, code) => ({ path, code })).sort((a, b) => a.path.length - b.path.length || b.code - a.code).map((each) => each.path);
}

export function pathCounts(count) {
  return Array.from({ length: count + 1 }, (_, length) => paths(count).filter((path) => path.length === length).length);
}

/** What each path makes of 1: the product of the slopes of its branches. */
export function pathValues(slopes) {
  return paths(slopes.length).map((path) => path.reduce((product, n) => product * slopes[n], 1));
}

export function left(count, deleted) {
  return paths(count).filter((path) => !path.some((n) => deleted.includes(n))).length;
}

/** What the row makes of 1; a deleted block passes on what it gets. */
export function output(slopes, deleted) {
  return slopes.reduce((y, a, n) => (deleted.includes(n) ? y : y + a * y), 1);
}

export function plainOutput(slopes) {
  return slopes.reduce((y, a) => a * y, 1);
}

const MOST = 4;
const FRESH = [0.5, -0.4, 0.8, -0.6];
const MARKUP = `
  <div class="moving-bar"><label>Blocks <select data-part="count">${[1, 2, 3, 4].map((n) => `<option>${n}</option>`).join("")}</select></label></div>
  <div class="moving-blocks" data-part="blocks"></div>
  <div data-part="paths" class="moving-paths"></div>
  <form class="moving-bar">
    <label><span data-part="question"></span> <input type="number" step="1" min="0" max="${2 ** MOST}" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <div class="moving-result moving-tall" role="status" aria-live="polite"></div>`;

const round = (value) => String(Math.round(value * 1000) / 1000 + 0).replace("-", "−");
const bracket = (value) => (value < 0 ? `(${round(value)})` : round(value));
const level = (value, largest) => (value ? Math.sign(value) * Math.ceil(3 * (Math.abs(value) / largest)) : 0);
const name = (path) => (path.length ? path.map((n) => `f<sub>${n + 1}</sub>`).join(" ") : "x alone");

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (key) => el.querySelector(`[data-part="${key}"]`);
  let open = false; // whether the deleted paths are marked

  function drawBlocks() {
    const slopes = model.get("slopes");
    part("count").value = slopes.length;
    part("blocks").innerHTML = slopes.map((a, n) => `<fieldset><legend>Block ${n + 1}: y = x + f<sub>${n + 1}</sub>(x)</legend>
      <label><span>f<sub>${n + 1}</sub>(x) =</span> <input type="number" step="any" value="${a}" data-slope="${n}" aria-label="Slope of branch ${n + 1}"> x</label>
      <label><input type="checkbox" data-delete="${n}" aria-label="Delete branch ${n + 1}"${model.get("deleted").includes(n) ? " checked" : ""}> Delete</label></fieldset>`).join("");
  }

  function drawPaths() {
    const [slopes, deleted] = [model.get("slopes"), model.get("deleted")];
    const values = pathValues(slopes);
    const largest = Math.max(...values.map(Math.abs));
    const all = paths(slopes.length);
    const rows = pathCounts(slopes.length).map((count, length) => {
      const cells = all.map((path, n) => {
        if (path.length !== length) return "";
        const gone = open && path.some((each) => deleted.includes(each));
        return `<li data-level="${gone ? 0 : level(values[n], largest)}"${gone ? ' class="moving-gone"' : ""}>`
          + `<span>${name(path)}</span> <strong>${round(values[n])}</strong>${gone ? '<span class="moving-word"> deleted</span>' : ""}</li>`;
      }).join("");
      return `<p>Length ${length}: ${count}</p><ul>${cells}</ul>`;
    });
    part("paths").innerHTML = rows.join("");
    part("question").textContent = deleted.length
      ? `Of ${all.length} paths, how many are left?` : "Nothing is deleted. How many paths are there?";
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function answer(guess) {
    const [slopes, deleted] = [model.get("slopes"), model.get("deleted")];
    const count = left(slopes.length, deleted);
    const factors = slopes.map((a, n) => (deleted.includes(n) ? "1" : `(1 ${a < 0 ? "−" : "+"} ${round(Math.abs(a))})`)).join(" · ");
    open = true;
    drawPaths();
    const verdict = guess === undefined ? "" : guess === count ? "right" : "wrong";
    const before = { right: "Right: ", wrong: "Not quite: ", "": "" }[verdict];
    say(verdict,
      `${before}<strong>${count} of ${2 ** slopes.length}</strong> paths ${deleted.length ? "are left" : "in all, two ways at every block"}.`,
      `Their sum for x = 1 is ${factors} = <strong>${round(output(slopes, deleted))}</strong>${deleted.length ? `; with nothing deleted it was ${round(output(slopes, []))}` : ""}.`,
      `A plain row y = f(x) has a single path, ${slopes.map(bracket).join(" · ")} = ${round(plainOutput(slopes))}${deleted.length ? "; deleting a layer breaks it" : ""}.`);
  }

  function restart(change) {
    open = false;
    part("guess").value = "";
    model.set(change);
    drawPaths();
    say("", "Each number is what a path makes of x = 1, and also its share of the derivative. Delete a branch and predict.");
  }

  el.addEventListener("input", ({ target }) => {
    const [slopes, deleted] = [model.get("slopes"), model.get("deleted")];
    if (target === part("count")) {
      const count = Number(target.value);
      restart({ slopes: FRESH.slice(0, count).map((a, n) => slopes[n] ?? a), deleted: deleted.filter((n) => n < count) });
      drawBlocks();
    } else if (target.dataset.slope !== undefined && Number.isFinite(target.valueAsNumber)) {
      restart({ slopes: slopes.map((a, n) => (n === Number(target.dataset.slope) ? target.valueAsNumber : a)) });
    } else if (target.dataset.delete !== undefined) {
      const n = Number(target.dataset.delete);
      restart({ deleted: target.checked ? [...deleted, n] : deleted.filter((each) => each !== n) });
    }
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isFinite(guess)) answer(guess);
    else say("", "Type a number first.");
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "show") answer();
  });
  drawBlocks();
  restart({});
}

export default { render };
