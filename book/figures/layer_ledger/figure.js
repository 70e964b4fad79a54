/* A network as a ledger: a row for each layer with its map, parameters, work and memory; predict what a change leaves of them. */

const sizeAfter = (side, { kernel, stride = 1, pad = 0 }) => Math.floor((side + 2 * pad - kernel) / stride) + 1;

/** Follow the layers from the image on; where one cannot stand, say why. */
export function ledger({ layers, channels, size, towers }, removed) {
  const rows = [{ name: "image", maps: channels, side: size, parameters: 0, work: 0, values: channels * size ** 2 }];
  for (const layer of layers.filter(({ name }) => !removed.includes(name))) {
    const { name, kind, kernel } = layer;
    const { maps, side } = rows.at(-1);
    const groups = layer.apart ? towers : 1;
    if (kind === "dense") {
      const weights = maps * side ** 2 * layer.units;
      rows.push({ name, maps: layer.units, side: 1, parameters: weights + layer.units, work: weights,
        values: layer.units });
    } else if (sizeAfter(side, layer) < 1) {
      return { refusal: `The window of ${name}, ${kernel} pixels, is larger than its map of ${side}` };
    } else if (maps % groups) {
      return { refusal: `${name} stands in ${groups} towers, and ${maps} maps cannot be shared out between them` };
    } else {
      const out = sizeAfter(side, layer);
      const filters = kind === "conv" ? layer.filters : maps;
      const weights = kind === "conv" ? filters * (maps / groups) * kernel ** 2 : 0;
      rows.push({ name, maps: filters, side: out, parameters: weights && weights + filters,
        work: weights * out ** 2, values: filters * out ** 2 });
    }
  }
  return { rows };
}

export function totals(rows) {
  const sum = (field) => rows.reduce((all, row) => all + row[field], 0);
  return { parameters: sum("parameters"), work: sum("work"), values: sum("values") };
}

/** Find the layer whose parameters a change made most different: it reads other numbers than before. */
export function mostChanged(rows, whole) {
  const pairs = rows.map((row) => ({ now: row, old: whole.find(({ name }) => name === row.name) }));
  const changes = pairs.map(({ now, old }) => Math.abs(now.parameters - old.parameters));
  const most = Math.max(...changes);
  return most ? pairs[changes.indexOf(most)] : null;
}

/** Judge a guess in per cent: within 3 points, or within a twentieth of what is true. */
export function near(guess, share) {
  return Math.abs(guess - 100 * share) <= Math.max(3, 5 * share);
}

const COLUMNS = [["parameters", "Para&shy;meters, M", 1e6], ["work", "Work, M", 1e6], ["values", "Memory, K", 1e3]];
const MARKUP = `
  <div class="moving-bar">
    <label>Cards <select data-set="towers"><option value="1">one tower</option><option value="2">two towers</option></select>
    </label>
    <label>Image, pixels <input type="number" step="1" min="32" max="512" data-set="size"></label>
    <button type="button" data-do="reset">The whole again</button>
  </div>
  <div data-part="ledger"></div>
  <form class="moving-bar"><span>What is left?</span>
    <label>Parameters, % <input type="number" step="any" min="0" max="9999" data-guess="parameters"></label>
    <label>Work, % <input type="number" step="any" min="0" max="9999" data-guess="work"></label>
    <button type="submit" class="moving-main">Check</button> <button type="button" data-do="show">Show it</button></form>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const fixed = (value, digits) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);
const shape = ({ maps, side }) => (side > 1 ? `${maps} × ${side}²` : `${maps}`);
const percent = (share) => `${fixed(100 * share, share < 0.1 ? 1 : 0)}%`;
const short = (value) => fixed(value, value >= 10 || !value ? 0 : value >= 1 ? 1 : 2);
const millions = (count) => (count >= 1e9 ? `${fixed(count / 1e9, 2)} G` : `${fixed(count / 1e6, 1)} M`);

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const first = Object.fromEntries(["towers", "size", "removed"].map((name) => [name, model.get(name)]));
  const setting = () => Object.fromEntries(["layers", "channels", "size", "towers"].map((name) => [name, model.get(name)]));
  const whole = ledger({ ...setting(), ...first }, []).rows;
  const before = totals(whole);
  const titles = { 1: "one tower", 2: "two towers" };
  let open = false; // whether the changed network is shown

  function changes() {
    const [removed, size, towers] = [model.get("removed"), model.get("size"), model.get("towers")];
    return [
      ...(removed.length ? [`without ${listed(removed)}`] : []),
      ...(size === first.size ? [] : [`with images of ${size} pixels`]),
      ...(towers === first.towers ? [] : [`in ${titles[towers]}`]),
    ].join(", ");
  }

  /** Write a number with a bar below it, on one scale for its column; what changed is marked. */
  function cell(row, old, [field, , unit], largest) {
    const value = row[field];
    const more = value > old[field];
    const changed = value !== old[field];
    const sign = `<span class="ledger-sign" role="img" aria-label="${more ? "more" : "less"} than before">`
      + `${more ? "▲" : "▼"}</span>`;
    return `<td class="ledger-${field}${changed ? " ledger-changed" : ""}">${changed ? sign : ""}${short(value / unit)}`
      + `<span class="ledger-bar" style="inline-size: ${(100 * value) / largest[field]}%"></span></td>`;
  }

  function drawLedger() {
    const removed = model.get("removed");
    const now = open ? ledger(setting(), removed).rows : whole;
    const largest = Object.fromEntries(COLUMNS.map(([field]) =>
      [field, Math.max(...[...whole, ...now].map((row) => row[field]))]));
    const body = whole.map((old, n) => {
      const gone = removed.includes(old.name);
      const row = now.find(({ name }) => name === old.name) ?? old;
      const always = n === 0 || n === whole.length - 1; // the image, and the layer of classes
      const box = `<input type="checkbox" data-layer="${old.name}"${gone ? "" : " checked"}>`;
      const name = always ? `<span class="ledger-name">${old.name}</span>`
        : `<label class="ledger-name">${box} ${old.name}</label>`;
      const numbers = gone && open ? ["", ...COLUMNS].map(([field]) => `<td class="ledger-${field}">–</td>`)
        : [`<td>${shape(row)}</td>`, ...COLUMNS.map((column) => cell(row, old, column, largest))];
      return `<tr${gone ? ' class="ledger-gone"' : ""}><th scope="row">${name}</th>${numbers.join("")}</tr>`;
    });
    const sums = totals(now);
    const hidden = !open && changes();
    const heads = COLUMNS.map(([field, title]) => `<th scope="col" class="ledger-${field}">${title}</th>`);
    const ends = COLUMNS.map(([field, , unit]) =>
      `<td class="ledger-${field}">${hidden ? "?" : fixed(sums[field] / unit, field === "parameters" ? 1 : 0)}</td>`);
    part("ledger").innerHTML = `<table class="moving-table ledger">
      <caption>${open ? `The network ${changes()}` : "The whole network"}; M is 10⁶, K is 10³</caption>
      <thead><tr><th scope="col">Layer</th><th scope="col">Output</th>${heads.join("")}</tr></thead>
      <tbody>${body.join("")}<tr class="ledger-total"><th scope="row">total</th>
      <td>${hidden ? "?" : `${now.length - 1} layers`}</td>${ends.join("")}</tr></tbody></table>`;
  }

  function say(verdict, ...lines) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  function surprise(rows) {
    const found = mostChanged(rows, whole);
    if (!found) return "No other layer has more parameters than before, or fewer.";
    const { now, old } = found;
    const inputs = rows[rows.indexOf(now) - 1];
    const layer = model.get("layers").find(({ name }) => name === now.name);
    const reads = layer.kind === "dense" ? `it reads ${fixed(inputs.maps * inputs.side ** 2, 0)} numbers now`
      : `each of its filters reads ${inputs.maps / (layer.apart ? model.get("towers") : 1)} maps now`;
    const verb = now.parameters > old.parameters ? "grows" : "shrinks";
    return `<strong>${now.name} ${verb}</strong> from ${millions(old.parameters)} to ${millions(now.parameters)}: ${reads}.`;
  }

  function answer(guesses) {
    if (!changes()) return say("", "Untick a layer first, or change the image or the cards.");
    open = true;
    drawLedger();
    const { rows } = ledger(setting(), model.get("removed"));
    const after = totals(rows);
    const share = { parameters: after.parameters / before.parameters, work: after.work / before.work };
    const good = guesses && Object.keys(guesses).filter((each) => near(guesses[each], share[each]));
    const found = ["Not quite. ", `Right about the ${good?.[0]}. `, "Right. "][good?.length] ?? "";
    const published = model.get("published");
    const error = ["size", "towers"].every((each) => model.get(each) === first[each])
      && published[model.get("removed").join(" ")];
    return say(guesses ? (good.length === 2 ? "right" : "wrong") : "",
      `${found}<strong>${percent(share.parameters)}</strong> of the parameters (${millions(after.parameters)})`
        + ` and <strong>${percent(share.work)}</strong> of the work (${millions(after.work)}).`,
      surprise(rows),
      error ? `Its published top-5 error: ${error}%, against ${published.whole}% for the whole network.`
        : "The table of errors below does not have this network.");
  }

  function restart(change) {
    const { refusal } = ledger({ ...setting(), ...change }, change.removed ?? model.get("removed"));
    if (refusal) say("wrong", `${refusal}. The network stays as it was.`);
    else {
      open = false;
      for (const each of el.querySelectorAll("[data-guess]")) each.value = "";
      model.set(change);
    }
    const at = document.activeElement?.dataset?.layer; // the row is drawn anew: keep the focus
    drawLedger();
    if (at) el.querySelector(`[data-layer="${at}"]`)?.focus();
    el.querySelectorAll("[data-set]").forEach((each) => {
      if (each !== document.activeElement || refusal) each.value = model.get(each.dataset.set);
    });
    if (refusal) return;
    if (changes()) {
      say("", `The network <strong>${changes()}</strong>: predict what is left of ${millions(before.parameters)} parameters`
        + ` and of ${millions(before.work)} multiply-adds, in per cent.`, "It may be more than 100.");
    } else {
      say("", "The work is done above, the parameters sit below: the longest bars hardly share a row.",
        "Untick layers, or change the image or the cards, and predict what is left of the whole network.");
    }
  }

  el.addEventListener("input", ({ target }) => {
    const { layer, set } = target.dataset;
    const order = model.get("layers").map(({ name }) => name);
    const removed = model.get("removed");
    if (layer) restart({ removed: order.filter((name) => (name === layer ? !target.checked : removed.includes(name))) });
    else if (set === "towers") restart({ towers: Number(target.value) });
    else if (set && target.value !== "" && target.checkValidity()) restart({ size: target.valueAsNumber });
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.dataset.set) target.value = model.get(target.dataset.set);
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const fields = [...el.querySelectorAll("[data-guess]")];
    const guesses = fields.map((each) => [each.dataset.guess, each.valueAsNumber]);
    if (guesses.every(([, guess]) => Number.isFinite(guess))) answer(Object.fromEntries(guesses));
    else say("", "Type both numbers first; a rough guess will do.");
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "show") answer();
    if (target.dataset.do === "reset") restart(first);
  });
  restart({});
}

export default { render };
