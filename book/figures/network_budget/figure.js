/* Networks for ImageNet under three budgets: who fits, who wins, and who can win at all. */

export const COSTS = ["parameters", "work", "memory"];

/** The networks that need no more of anything than the limits allow. */
export function fitting(nets, limits) {
  return nets.filter((net) => COSTS.every((cost) => net[cost] <= limits[cost]));
}

export function winner(nets, limits) {
  return fitting(nets, limits).reduce((best, net) => (best === null || net.error < best.error ? net : best), null);
}

/** Those that are no worse in error and in all of these costs, and better in one of them. */
export function beating(nets, loser, costs) {
  const asked = ["error", ...costs];
  return nets.filter((net) => asked.every((each) => net[each] <= loser[each]) && asked.some((each) => net[each] < loser[each]));
}

export function unbeaten(nets, costs) {
  return nets.filter((net) => beating(nets, net, costs).length === 0);
}

/** The budgets worth trying: one step for each amount that some network needs. */
export function steps(nets, cost) {
  return [...new Set(nets.map((net) => net[cost]))].sort((a, b) => a - b);
}

const UNITS = { parameters: [1e6, "M"], work: [1e9, "G"], memory: [2 ** 20, "MiB"] };
const WORDS = { parameters: "Parameters", work: "Multiply-adds", memory: "Memory" };
const MARKUP = `
  <div class="moving-fields budget-fields">${COSTS.map((cost) => `<label>
    <span>${WORDS[cost]} ≤ <strong data-part="${cost}"></strong></span>
    <input type="range" min="0" step="1" data-set="${cost}"></label>`).join("")}</div>
  <div class="moving-result budget-result" role="status" aria-live="polite"></div>
  <form class="moving-bar">
    <label><span data-part="question"></span> <input type="number" min="0" max="12" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
  </form>
  <div data-part="table"></div>`;

const amount = (value, cost) => (value / UNITS[cost][0]).toPrecision(3);
const listed = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const result = el.querySelector(".moving-result");
  const nets = [...model.get("nets")].sort((a, b) => a.error - b.error);
  const amounts = Object.fromEntries(COSTS.map((cost) => [cost, steps(nets, cost)]));
  const won = new Set();

  function drawTable(limits, best, open) {
    const rows = nets.map((net) => {
      const cells = COSTS.map((cost) => {
        const kind = net[cost] > limits[cost] ? ' class="budget-over"' : "";
        return `<td${kind}>${amount(net[cost], cost)}</td>`;
      });
      const never = open && beating(nets, net, COSTS).length;
      const mark = won.has(net.name) ? ' <span role="img" aria-label="has won">✓</span>'
        : never ? ' <span role="img" aria-label="can never win">✗</span>' : "";
      return `<tr${net === best ? ' class="budget-best"' : ""}><th scope="row">${net.name}${mark}</th>`
        + `<td>${net.error.toFixed(2)}</td>${cells.join("")}</tr>`;
    });
    const heads = COSTS.map((cost) => `<span class="budget-long">${WORDS[cost]}, </span>${UNITS[cost][1]}`);
    const head = ["Network", '<span class="budget-long">Top-5 error, </span>%', ...heads]
      .map((each) => `<th scope="col">${each}</th>`);
    part("table").innerHTML = `<table class="moving-table budget-table"><caption>Struck: over budget; ✓: has won</caption>`
      + `<thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
  }

  function draw(open = false) {
    const limits = Object.fromEntries(COSTS.map((cost) => [cost, amounts[cost][model.get("limits")[cost]]]));
    for (const cost of COSTS) {
      const slider = el.querySelector(`[data-set="${cost}"]`);
      const words = `${amount(limits[cost], cost)} ${UNITS[cost][1]}`;
      slider.max = amounts[cost].length - 1;
      slider.value = model.get("limits")[cost];
      slider.setAttribute("aria-valuetext", `up to ${words}`);
      part(cost).textContent = words;
    }
    const best = winner(nets, limits);
    if (best) won.add(best.name);
    part("question").textContent = `How many of the ${nets.length} can win under some budgets?`;
    drawTable(limits, best, open);
    return { limits, best };
  }

  function describe({ limits, best }) {
    result.dataset.verdict = "";
    if (!best) {
      result.innerHTML = "<p><strong>Nothing fits:</strong> no network is the smallest in everything.</p>"
        + "<p>Raise one of the limits.</p>";
      return;
    }
    const fit = fitting(nets, limits);
    const next = nets[nets.indexOf(best) - 1];
    const over = next && COSTS.filter((cost) => next[cost] > limits[cost]).map((cost) => WORDS[cost].toLowerCase());
    const others = fit.length === 1 ? "Nothing else fits." : `It is the best of ${fit.length} that fit.`;
    result.innerHTML = `<p><strong>${best.name}</strong> wins with ${best.error.toFixed(2)}%. ${others}</p>`
      + `<p>${next ? `${next.name} would be better, and is over in ${listed(over)}.` : "No other is better."}`
      + ` Winners found: ${won.size}.</p>`;
  }

  function answer(guess) {
    draw(true);
    const [all, cheap] = [unbeaten(nets, COSTS), unbeaten(nets, COSTS.slice(0, 2))];
    const never = nets.filter((net) => !all.includes(net));
    const right = guess === all.length;
    const better = nets.find((net) => never.every((each) => beating(nets, each, COSTS).includes(net)));
    result.dataset.verdict = guess === undefined ? "" : right ? "right" : "wrong";
    const start = guess === undefined ? "" : right ? "Right: " : "Not quite: ";
    result.innerHTML = `<p>${start}<strong>${all.length}</strong> can, namely all that no other beats in everything.`
      + ` ${listed(never.map((net) => net.name))} cannot: ${better.name} beats both.</p>`
      + `<p>Without memory only ${cheap.length} could. Each thing that you count saves networks.</p>`;
  }

  el.addEventListener("input", ({ target }) => {
    if (!target.dataset.set) return;
    model.set("limits", { ...model.get("limits"), [target.dataset.set]: target.valueAsNumber });
    describe(draw());
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isFinite(guess)) answer(guess);
    else result.innerHTML = "<p>Type a number first.</p>";
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "show") answer();
  });
  describe(draw());
}

export default { render };
