/* The graph of f = (ab + c) max(c, d): values go forward by themselves, the reader predicts the way back. */

export function forward({ a, b, c, d }) {
  const [product, most] = [a * b, Math.max(c, d)];
  return { product, sum: product + c, max: most, f: (product + c) * most };
}

/** List the messages of the way back in a possible order: what a node received, its local derivative, and what it hands on. */
export function backward(inputs) {
  const { a, b, c, d } = inputs;
  const value = forward(inputs);
  const winner = c >= d ? 1 : 0; // as in the chapter's program, c wins where they are equal
  const message = (key, from, to, received, local) => ({ key, from, to, received, local, value: received * local });
  const toSum = message("sum", "last", "sum", 1, value.max);
  const toMax = message("max", "last", "max", 1, value.sum);
  const toProduct = message("product", "sum", "product", toSum.value, 1);
  const overSum = message("sum-c", "sum", "c", toSum.value, 1);
  const overMax = message("max-c", "max", "c", toMax.value, winner);
  const total = { key: "c", from: "both", to: "c", ways: [overSum.value, overMax.value], value: overSum.value + overMax.value };
  return [toSum, toMax, toProduct, overSum, overMax, total, message("max-d", "max", "d", toMax.value, 1 - winner),
    message("a", "product", "a", toProduct.value, b), message("b", "product", "b", toProduct.value, a)];
}

/** Say what a predicted gradient is: right, or one of the usual mistakes. */
export function judge(guess, step, inputs) {
  const is = (wanted) => Math.abs(guess - wanted) <= 0.0006 * Math.max(1, Math.abs(wanted));
  const own = { ...inputs, ...forward(inputs) }[step.to];
  if (is(step.value)) return "right";
  if (step.ways) return step.ways.some(is) ? "one way" : is(step.ways[0] * step.ways[1]) ? "multiplied" : "wrong";
  if (["last", "product"].includes(step.from) && is(step.received * own)) return "own factor";
  if (is(step.local)) return "local only";
  return is(step.received) ? "not passed" : "wrong";
}

const NODES = { // where they stand, and what they are called
  a: [24, 24], b: [24, 134], c: [24, 206], d: [24, 306], product: [126, 79, "×"], sum: [222, 126, "+"], max: [178, 266, "max"],
  last: [306, 194, "×"], f: [380, 194, "f"],
};
const LINES = [ // from, to, and the step that brings its gradient
  ["a", "product", "a"], ["b", "product", "b"], ["product", "sum", "product"], ["c", "sum", "sum-c"], ["c", "max", "max-c"],
  ["d", "max", "max-d"], ["sum", "last", "sum"], ["max", "last", "max"], ["last", "f", "f"],
];
const SPOKEN = {
  last: "The last product", sum: "The sum", max: "The maximum", product: "The product of a and b", both: "Both ways together",
};
const INPUTS = ["a", "b", "c", "d"];
const MARKUP = `
  <div class="graph-both">
    <div class="graph-side"><div data-part="picture"></div>
      <p class="boundary-key">Above a line: the value that goes forward. Below it: the gradient of f that comes back.</p></div>
    <div class="graph-side">
      <form class="moving-fields graph-inputs">${INPUTS.map((name) =>
        `<label>${name} <input type="number" step="any" min="-20" max="20" data-input="${name}"></label>`).join("")}</form>
      <p class="graph-question" data-part="question"></p>
      <form class="moving-bar" data-part="form">
        <label>Gradient <input type="number" step="any" data-part="guess"></label>
        <button type="submit" class="moving-main">Check</button>
        <button type="button" data-do="one">Show it</button>
        <button type="button" data-do="all">Show all</button>
        <button type="button" data-do="again">Start again</button>
      </form>
    </div>
  </div>
  <div class="moving-result graph-result" role="status" aria-live="polite"></div>`;

const round = (value) => String(Math.round(value * 1000) / 1000 + 0).replace("-", "−");
const bracket = (value) => (value < 0 ? `(${round(value)})` : round(value));

/** Draw the graph; gradients of steps not yet taken are question marks, and the line that is asked for is thick. */
function picture(inputs, known) {
  const value = { ...inputs, ...forward(inputs) };
  const steps = backward(inputs);
  const gradient = (key) => (key === "f" ? "1" : steps.findIndex((step) => step.key === key) < known
    ? round(steps.find((step) => step.key === key).value) : "?");
  const asked = steps[known]?.key;
  const drawn = LINES.map(([from, to, key]) => {
    const [[x0, y0], [x1, y1]] = [NODES[from], NODES[to]];
    const far = key === "f" ? 0.48 : 0.46;
    const [x, y] = [x0 + far * (x1 - x0), y0 + far * (y1 - y0)];
    const now = key === asked || (asked === "c" && from === "c");
    return [`<line class="${now ? "graph-now" : ""}" x1="${x0}" y1="${y0}" x2="${x1}" y2="${y1}"/>`,
      `<text class="graph-value" x="${x}" y="${y - 8}">${round(value[from === "last" ? "f" : from])}</text>`
      + `<text class="graph-gradient" x="${x}" y="${y + 20}">${gradient(key)}</text>`];
  });
  const nodes = Object.entries(NODES).map(([name, [x, y, sign]]) =>
    `<g><circle cx="${x}" cy="${y}" r="${sign === "max" ? 23 : 17}"/><text x="${x}" y="${y + 6}">${sign ?? name}</text></g>`);
  const sum = `<text class="graph-gradient graph-total" x="6" y="246">${known > 5 ? `= ${gradient("c")}` : ""}</text>`;
  const messages = steps.slice(0, known).map(({ from, to, value: is }) => `${SPOKEN[from]} to ${to}, ${round(is)}`.toLowerCase());
  const words = `The graph; f is ${round(value.f)}. Gradients known: ${messages.join("; ") || "1 at f"}`;
  return `<svg class="graph" viewBox="0 0 400 330" role="img" aria-label="${words}">${drawn.map(([line]) => line).join("")}`
    + `${nodes.join("")}${drawn.map(([, texts]) => texts).join("")}${sum}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const inputs = () => Object.fromEntries(INPUTS.map((name) => [name, model.get(name)]));
  let known = 0; // how many steps of the way back have been taken
  let missed = 0;

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function draw() {
    const step = backward(inputs())[known];
    part("picture").innerHTML = picture(inputs(), known);
    for (const name of INPUTS) {
      const field = el.querySelector(`[data-input="${name}"]`);
      if (field !== document.activeElement) field.value = model.get(name);
    }
    part("question").textContent = !step ? "All nine gradients are there." : step.ways
      ? `${known + 1} of 9. Two ways lead from c to f. What is its gradient in all?`
      : `${known + 1} of 9. ${SPOKEN[step.from]} has received ${round(step.received)}. What does it hand to ${
        step.to === "product" ? "the product" : step.to === "sum" ? "the sum" : step.to === "max" ? "the maximum" : step.to}?`;
  }

  const RULES = {
    sum: () => "a sum hands on what it received.",
    max: (local) => (local ? "the winner of a maximum gets everything." : "the loser of a maximum gets nothing."),
  };
  const why = ({ from, ways, received, local, value }) => (ways
    ? `<strong>${ways.map(bracket).join(" + ")} = ${round(value)}</strong>: where a value went two ways, the gradients add.`
    : `<strong>${bracket(received)} · ${bracket(local)} = ${round(value)}</strong>:`
      + ` ${RULES[from]?.(local) ?? "a product hands over the other factor."}`);

  /** Compare c's gradient with what f does when c moves: the test that needs no chain rule. */
  function end() {
    const [now, h] = [inputs(), 0.01];
    const [over, around, total] = [backward(now)[3].value, backward(now)[4].value, backward(now)[5].value];
    const moved = forward({ ...now, c: now.c + h }).f - forward(now).f;
    const ways = now.d > now.c ? "The way over the maximum carries nothing: d won."
      : `With one way forgotten you would expect ${round(h * over)} or ${round(h * around)}.`;
    const kink = now.c === now.d ? " At c = d there is a kink; the program lets c win." : "";
    return `Try it: c + ${h} moves f by <strong>${round(moved)}</strong>, which is near ${h} · ${bracket(total)}. ${ways}${kink}`;
  }

  function advance(before) {
    const step = backward(inputs())[known];
    if (!step) return say("", "The way back is complete. Change an input or start again.");
    known++;
    part("guess").value = "";
    draw();
    const last = known === 9 ? [missed ? `You missed ${missed}. ${end()}` : end()] : [];
    say(before ? "right" : "", `${before}${why(step)}`, ...last);
  }

  function check() {
    const step = backward(inputs())[known];
    const guess = part("guess").valueAsNumber;
    if (!step) return advance("");
    if (!Number.isFinite(guess)) return say("", "Type a number first.");
    const verdict = judge(guess, step, inputs());
    if (verdict === "right") return advance("Right: ");
    missed++;
    say("wrong", {
      "one way": "That is what came back over one of its ways; what comes back over the other is missing.",
      multiplied: "The two do not multiply. Both ways end in f: small changes add.",
      "own factor": "That is its own factor. How fast a product grows with one factor, the other one says.",
      "local only": "That is the local derivative alone. It is still to be multiplied with what was received.",
      "not passed": "That is what was received, with nothing done to it. What is the local derivative here?",
      wrong: "Not this number. Multiply what was received with the local derivative.",
    }[verdict]);
  }

  function restart() {
    [known, missed] = [0, 0];
    part("guess").value = "";
    draw();
    const { f } = forward(inputs());
    say("", `Forward: f = <strong>${round(f)}</strong>. Now back: the gradient of f by itself is 1. Predict each message.`);
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.input;
    if (!name) return;
    if (target.value === "" || !target.checkValidity()) {
      say("wrong", `${name} must be a number from −20 to 20; ${round(model.get(name))} stays.`);
    } else {
      model.set(name, target.valueAsNumber);
      restart();
    }
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.dataset.input) target.value = model.get(target.dataset.input); // the last number that was possible
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.target === part("form")) check();
  });
  el.addEventListener("click", ({ target }) => {
    const does = target.dataset.do;
    if (does === "one") advance("");
    if (does === "all") while (known < 9) advance("");
    if (does === "again") restart();
  });
  restart();
}

export default { render };
