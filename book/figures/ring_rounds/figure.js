/* An all-reduce round a ring, one round at a time, and what it costs when a network trains on several machines. */

/** Return what every process holds after so many rounds, of how many processes each number is the sum, and who got what. */
export function ring(gradients, rounds) {
  const P = gradients.length;
  const values = gradients.map((row) => [...row]);
  const counts = gradients.map((row) => row.map(() => 1));
  let got = [];
  for (let round = 0; round < rounds; round++) {
    const sent = values.map((row, rank) => {
      const piece = (((rank - round) % P) + P) % P;
      return { to: (rank + 1) % P, piece, value: row[piece], count: counts[rank][piece] };
    });
    const adding = round < P - 1;
    for (const { to, piece, value, count } of sent) {
      values[to][piece] = value + (adding ? values[to][piece] : 0);
      counts[to][piece] = count + (adding ? counts[to][piece] : 0);
    }
    got = sent.map(({ to, piece }) => [to, piece]);
  }
  return { values, counts, got };
}

/** Seconds of a step and speed in units of one machine, where nothing overlaps; `sent` counts gradients through the busiest. */
export function cost({ weights, products }, machines, { images, gigabits }, sent) {
  const computing = (3 * images * products) / RATE;
  const sending = (8 * 4 * weights * sent) / (1e9 * gigabits);
  return { step: computing + sending, speed: (machines * computing) / (computing + sending) };
}

const RATE = 5e12; // multiply-adds a second of one machine, as in the chapter
const MACHINES = [2, 8, 64];
const MARKUP = `
  <div class="moving-bar">
    <label class="moving-slider ring-count">Processes <input type="range" min="2" max="4" step="1" data-part="count">
      <output data-part="many"></output></label>
    <button type="button" class="moving-main" data-do="next">Next round</button>
    <button type="button" data-do="back">Back</button>
  </div>
  <div class="moving-row">
    <div class="ring-table" data-part="ring"></div>
    <div class="ring-side">
      <form class="moving-bar">
        <label>Predict the rounds <input type="number" step="1" min="0" max="99" data-part="guess"></label>
        <button type="submit" class="moving-main">Check</button>
        <button type="button" data-do="show">Show it</button>
      </form>
      <div class="moving-result" role="status" aria-live="polite"></div>
    </div>
  </div>
  <div class="moving-bar ring-setting">
    <label>Network <select data-part="network"></select></label>
    <label>Images each <input type="number" step="1" min="1" max="4096" data-set="images" required></label>
    <label>Gbit/s <input type="number" step="any" min="0.1" max="9999" data-set="gigabits" required></label>
  </div>
  <table class="moving-table ring-cost"><caption data-part="size"></caption>
    <thead><tr>${["P", "Sent", "ms", "Speed", "Efficiency", "Centre"].map((each) =>
    `<th scope="col">${each}</th>`).join("")}</tr></thead><tbody data-part="cost"></tbody></table>
  <p class="ring-said" aria-live="polite" data-part="said"></p>`;

const minus = (value) => String(value).replace("-", "−");
const level = (value, largest) => (value ? Math.sign(value) * Math.min(Math.ceil(3 * (Math.abs(value) / largest)), 3) : 0);
const short = (value) => (value < 9.95 ? value.toFixed(value < 0.995 ? 2 : 1) : value.toFixed(0));

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const networks = model.get("networks");
  part("network").innerHTML = networks.map(({ name }) => `<option>${name}</option>`).join("");
  const gradients = () => model.get("gradients").slice(0, model.get("count")).map((row) => row.slice(0, model.get("count")));
  const last = () => 2 * (model.get("count") - 1);
  for (const field of el.querySelectorAll("[data-set]")) field.value = model.get(field.dataset.set);

  function drawRing() {
    const P = model.get("count");
    const { values, counts, got } = ring(gradients(), model.get("round"));
    const sums = ring(gradients(), last()).values[0];
    const largest = Math.max(...gradients().flat().concat(sums).map(Math.abs));
    const cell = (value, count, fresh) => `<td data-level="${level(value, largest)}"${count === P ? ' class="ring-whole"' : ""}>`
      + `${fresh ? "<span>↓</span>" : ""}${minus(value)}<small>${count}/${P}</small></td>`;
    const rows = values.map((row, rank) => `<tr><th scope="row">Process ${rank}</th>${row.map((value, piece) =>
      cell(value, counts[rank][piece], got.some(([to, which]) => to === rank && which === piece))).join("")}</tr>`);
    part("count").value = P;
    part("many").textContent = P;
    const wanted = sums.map((sum) => cell(sum, P, false)).join("");
    part("ring").innerHTML = `<table class="moving-grid">
      <caption>After round ${model.get("round")}; ${P}/${P} is complete</caption><tbody>${rows.join("")}</tbody>
      <tfoot><tr><th scope="row">Wanted</th>${wanted}</tr></tfoot></table>`;
  }

  function drawCost(complaint = "") {
    const network = networks[model.get("network")];
    const setting = { images: model.get("images"), gigabits: model.get("gigabits") };
    const rows = MACHINES.map((P) => {
      const [sent, centre] = [(2 * (P - 1)) / P, 2 * (P - 1)];
      const { step, speed } = cost(network, P, setting, sent);
      return { P, sent, step, speed, centred: cost(network, P, setting, centre).speed };
    });
    part("network").value = network.name;
    const alone = 1000 * cost(network, 1, setting, 0).step;
    part("size").textContent = `${(network.weights / 1e6).toFixed(1)} M weights; P machines, one alone ${alone.toFixed(0)} ms`;
    part("cost").innerHTML = rows.map(({ P, sent, step, speed, centred }) => `<tr><th scope="row">${P}</th>
      <td>${sent.toFixed(2)}</td><td>${(1000 * step).toFixed(0)}</td><td>${short(speed)}×</td>
      <td>${Math.round((100 * speed) / P)}%</td><td>${short(centred)}×</td></tr>`).join("");
    const [two, most] = [rows[0], rows.at(-1)];
    part("said").textContent = complaint || (two.speed < 1
      ? `Two machines are slower than one here: ${short(two.speed)}×. All of ${most.P} do the work of ${short(most.speed)}.`
      : `All of ${most.P} do the work of ${short(most.speed)}; through one centre, of ${short(most.centred)}.`);
  }

  function describe() {
    const [P, round] = [model.get("count"), model.get("round")];
    const whole = ring(gradients(), round).counts.flat().filter((count) => count === P).length;
    const sent = `Each has sent ${round}/${P} of a gradient`;
    if (round === 0) return "In every round, each process sends one piece to the process below it, the last one to process 0.";
    if (round === last()) {
      return `${sent} = <strong>${Number((round / P).toFixed(2))}</strong>; it never is two. Divided by ${P}, each row is the`
        + " gradient of the joint batch: all make one and the same step.";
    }
    if (round === P - 1) {
      return `${sent}. <strong>Each process has one complete piece</strong>, and nobody was the centre. Now pieces are copied.`;
    }
    const what = round < P ? "What came (↓) is added" : "What came (↓) replaces the old piece";
    return `${what}. ${sent}; ${whole} of ${P * P} pieces are complete.`;
  }

  function say(sentence, verdict = "") {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = `<p>${sentence}</p>`;
  }

  function go(round) {
    model.set("round", Math.min(Math.max(round, 0), last()));
    drawRing();
    say(describe());
  }

  function answer(guess) {
    go(last());
    const verdict = guess === undefined ? "" : guess === last() ? "right" : "wrong";
    const before = { right: "Right", wrong: "Not quite", "": "It takes" }[verdict];
    const P = model.get("count");
    say(`${before}: <strong>2 · (${P} − 1) = ${last()} rounds</strong>. ${describe()}`, verdict);
  }

  el.addEventListener("input", ({ target }) => {
    if (target === part("count")) {
      model.set("count", Number(target.value));
      part("guess").value = "";
      go(0);
    } else if (target === part("network")) {
      model.set("network", target.selectedIndex);
      drawCost();
    } else if (target.dataset.set) {
      const possible = target.checkValidity();
      if (possible) model.set(target.dataset.set, target.valueAsNumber);
      const still = model.get(target.dataset.set);
      drawCost(possible ? "" : `Give a number from ${target.min} to ${target.max}; shown is still ${still}.`);
    }
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.dataset.set) target.value = model.get(target.dataset.set);
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isFinite(guess)) answer(guess);
    else say("Type a number of rounds first.");
  });
  el.addEventListener("click", ({ target }) => {
    const steps = { next: model.get("round") + 1, back: model.get("round") - 1 };
    if (target.dataset.do === "show") answer();
    else if (target.dataset.do) go(steps[target.dataset.do]);
  });
  go(0);
  drawCost();
}

export default { render };
