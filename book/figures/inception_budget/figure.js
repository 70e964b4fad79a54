/* An Inception module with and without its reductions, alone or as the last of a row: weights, work and stacked maps. */

/** Return weights and maps of the four branches, without reductions and with them. */
export function branches(channels, { one, reduceThree, three, reduceFive, five, project }) {
  const wide = (kernel, squeezed, filters) => ({
    naive: { weights: kernel ** 2 * channels * filters, maps: filters },
    reduced: { weights: channels * squeezed + kernel ** 2 * squeezed * filters, maps: filters },
  });
  const alone = { weights: channels * one, maps: one };
  return [
    { name: "1 × 1", naive: alone, reduced: alone },
    { name: "3 × 3", ...wide(3, reduceThree, three) },
    { name: "5 × 5", ...wide(5, reduceFive, five) },
    { name: "pool", naive: { weights: 0, maps: channels }, reduced: { weights: channels * project, maps: project } },
  ];
}

/** Add the branches of one kind up. */
export function sum(found, kind) {
  return found.reduce((all, each) => ({ weights: all.weights + each[kind].weights, maps: all.maps + each[kind].maps }),
    { weights: 0, maps: 0 });
}

/** Follow equal modules in a row: the maps that enter each, the maps that leave the last, and the weights of all. */
export function row(channels, widths, modules, kind) {
  const entering = [channels];
  let weights = 0;
  for (let n = 0; n < modules; n++) {
    const found = sum(branches(entering[n], widths), kind);
    entering.push(found.maps);
    weights += found.weights;
  }
  return { entering: entering.slice(0, -1), leaving: entering.at(-1), weights };
}

/** The width of a reduction at which it costs as much as it saves. */
export function breakEven(kernel, channels, filters) {
  const area = kernel ** 2;
  return (area * channels * filters) / (channels + area * filters);
}

const FIELDS = [["one", "1 × 1"], ["reduceThree", "before 3 × 3"], ["three", "3 × 3"], ["reduceFive", "before 5 × 5"],
  ["five", "5 × 5"], ["project", "after pooling"]];
const PRESETS = {
  "3a": { channels: 192, side: 28, one: 64, reduceThree: 96, three: 128, reduceFive: 16, five: 32, project: 32 },
  "5b": { channels: 832, side: 7, one: 384, reduceThree: 192, three: 384, reduceFive: 48, five: 128, project: 128 },
};
const KINDS = { naive: "without", reduced: "with" };
const MOST = 9;
const MARKUP = `
  <div class="moving-bar">
    <label>Widths of module <select data-part="preset">${Object.keys(PRESETS).map((name) => `<option>${name}</option>`).join("")}
      <option value="" disabled>your own</option></select></label>
    <label class="moving-slider">Modules in a row <input type="range" min="1" max="${MOST}" data-set="modules">
      <output data-part="modules"></output></label>
  </div>
  <div class="moving-fields moving-narrow">${FIELDS.map(([name, label]) =>
    `<label>${label} <input type="number" step="1" min="1" max="1024" data-set="${name}"></label>`).join("")}</div>
  <div class="incept-strips" data-part="strips" role="img"></div>
  <div data-part="table"></div>
  <form class="moving-bar">
    <label><span data-part="question"></span> <input type="number" step="1" min="1" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button> <button type="button" data-do="show">Show it</button></form>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const many = (count) => count.toLocaleString("en-US");
const thousands = (count) => many(Math.round(count / 1000));
const times = (ratio) => ratio.toFixed(1);
const work = (count) => (count >= 1e9 ? `${(count / 1e9).toFixed(2)} G` : `${(count / 1e6).toFixed(1)} M`);

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const controls = [...el.querySelectorAll("[data-set]")];
  const widths = () => Object.fromEntries(FIELDS.map(([name]) => [name, model.get(name)]));
  let open = false; // whether the maps without reductions are shown

  /** Draw what enters and leaves the last module, a colour for each branch, all on one scale. */
  function drawStrips(found) {
    const most = Math.max(...Object.keys(KINDS).flatMap((kind) => (open || kind === "reduced"
      ? [found[kind].leaving, found[kind].channels] : [])));
    const words = [];
    part("strips").innerHTML = Object.entries(KINDS).map(([kind, word]) => {
      const { channels, leaving, parts } = found[kind];
      const shown = open || kind === "reduced";
      words.push(`${word} reductions ${shown ? `${channels} maps enter and ${leaving} leave` : "not shown yet"}`);
      const segments = (list) => (shown ? list.map(([name, maps]) =>
        `<span class="incept-${name}" style="inline-size: ${(100 * maps) / most}%"></span>`).join("") : "");
      return [["in", [["in", channels]], channels], ["out", parts.map(({ maps }, n) => [n, maps]), leaving]]
        .map(([side, list, count]) => `<span class="incept-name">${word}, ${side}</span>
          <span class="incept-strip">${segments(list)}</span>
          <span class="incept-count">${shown ? many(count) : "?"}</span>`).join("");
    }).join("");
    part("strips").setAttribute("aria-label", `Maps of module ${model.get("modules")}: ${words.join("; ")}`);
  }

  function drawTable(found) {
    const cells = (values) => values.map((value) => `<td>${value}</td>`).join("");
    const shown = (value) => (open ? value : "?");
    const lines = found.naive.parts.map((naive, n) => {
      const reduced = found.reduced.parts[n];
      return `<tr><th scope="row"><span class="incept-key incept-${n}"></span> ${naive.name}</th>
        ${cells([shown(naive.maps), reduced.maps, shown(thousands(naive.weights)), thousands(reduced.weights)])}</tr>`;
    });
    const { naive, reduced } = found;
    const weights = (kind) => thousands(kind.parts.reduce((all, each) => all + each.weights, 0));
    part("table").innerHTML = `<table class="moving-table incept-table">
      <caption>Module ${model.get("modules")}: maps that leave it, and weights in thousands</caption>
      <thead><tr><th scope="col">Branch</th><th scope="col">Maps, without</th><th scope="col">Maps, with</th>
      <th scope="col">Weights, without</th><th scope="col">Weights, with</th></tr></thead>
      <tbody>${lines.join("")}<tr class="incept-sum"><th scope="row">all</th>
      ${cells([shown(many(naive.leaving)), many(reduced.leaving), shown(weights(naive)), weights(reduced)])}</tr></tbody>
      </table>`;
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  /** Tell which reductions pay, for the maps that enter the last module. */
  function pays({ channels }) {
    const { reduceThree, three, reduceFive, five } = widths();
    const limits = [[3, reduceThree, three], [5, reduceFive, five]]
      .map(([kernel, own, filters]) => ({ kernel, own, most: breakEven(kernel, channels, filters) }));
    const bad = limits.find(({ own, most }) => own >= most);
    if (bad) {
      return `<strong>The reduction before ${bad.kernel} × ${bad.kernel} saves nothing</strong>: ${bad.own} maps,`
        + ` where ${Math.floor(bad.most)} of ${many(channels)} cost as much as none.`;
    }
    return `Reductions of ${many(channels)} maps pay up to ${Math.floor(limits[0].most)} maps before 3 × 3`
      + ` and ${Math.floor(limits[1].most)} before 5 × 5.`;
  }

  function draw(prefix = "", verdict = "") {
    const [channels, modules, side] = [model.get("channels"), model.get("modules"), model.get("side")];
    for (const each of controls) if (each !== document.activeElement) each.value = model.get(each.dataset.set);
    const same = (preset) => Object.entries(preset).every(([name, value]) => model.get(name) === value);
    part("preset").value = Object.keys(PRESETS).find((name) => same(PRESETS[name])) ?? "";
    part("modules").textContent = modules;
    part("question").textContent = `Maps that leave module ${modules} without reductions?`;
    const found = Object.fromEntries(Object.keys(KINDS).map((kind) => {
      const chain = row(channels, widths(), modules, kind);
      const own = chain.entering.at(-1);
      const parts = branches(own, widths()).map((each) => ({ name: each.name, ...each[kind] }));
      return [kind, { ...chain, channels: own, parts }];
    }));
    drawStrips(found);
    drawTable(found);
    const rows = modules > 1 ? `${modules} equal modules in a row` : "One module";
    if (!open) {
      const { leaving, weights } = found.reduced;
      return say("", `${rows}: ${many(channels)} maps of ${side} × ${side} enter. With reductions, ${many(leaving)} leave`
        + ` for ${work(weights * side ** 2)} multiply-adds.`,
      "Predict what leaves without them. The pooling has no width of its own then: what does it hand on?");
    }
    const [dear, cheap] = [found.naive, found.reduced].map(({ weights }) => weights * side ** 2);
    return say(verdict, `${prefix}<strong>${many(found.naive.leaving)} maps</strong> leave without reductions,`
        + ` ${many(found.reduced.leaving)} with. The pooling alone hands on ${many(found.naive.channels)}.`,
    `${rows} cost <strong>${times(dear / cheap)} times</strong> as much without: ${work(dear)} multiply-adds`
      + ` against ${work(cheap)}.`,
    pays(found.reduced));
  }

  function answer(guess) {
    const { leaving } = row(model.get("channels"), widths(), model.get("modules"), "naive");
    if (guess !== undefined && guess !== leaving) {
      const { one, three, five } = widths();
      const made = `${one} + ${three} + ${five} = ${one + three + five}`;
      return say("wrong", `Not ${many(guess)}. In every module the three convolutions make ${made} maps;`
        + " and the pooling hands on each map that came in.");
    }
    open = true;
    return draw(guess === undefined ? "" : "Right. ", guess === undefined ? "" : "right");
  }

  function change(values, close) {
    if (close) {
      open = false;
      part("guess").value = "";
    }
    model.set(values);
    draw();
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (target === part("preset")) change(PRESETS[target.value], true);
    else if (name && target.value !== "" && target.checkValidity()) {
      change({ [name]: target.valueAsNumber }, name === "modules");
    }
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.dataset.set) target.value = model.get(target.dataset.set);
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (Number.isFinite(guess)) answer(guess);
    else say("", "Type a number of maps first.");
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "show") answer();
  });
  draw();
}

export default { render };
