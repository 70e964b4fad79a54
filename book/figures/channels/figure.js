/* How a layer joins channels: which inputs feed an output, the matrix of kernels, and what the kernels cost. */

/** List the convolutions of a layer of some kind, first to last; only the separable one has two. */
export function steps({ kind, channels, filters, kernel, groups }) {
  const layer = (out, side, parts) => ({ channels, filters: out, kernel: side, groups: parts });
  return {
    ordinary: [layer(filters, kernel, 1)],
    pointwise: [layer(filters, 1, 1)],
    groups: [layer(filters, kernel, groups)],
    depthwise: [layer(channels, kernel, channels)],
    separable: [layer(channels, kernel, channels), layer(filters, 1, 1)],
  }[kind];
}

/** Say why the groups do not fit, in the words of cs_cnn.layers.conv2d_forward; "" when they do. */
export function refusal(state) {
  const wrong = steps(state).find(({ channels, filters, groups }) => channels % groups || filters % groups);
  return wrong ? `groups must divide C = ${wrong.channels} and F = ${wrong.filters}, got ${wrong.groups}` : "";
}

/** Count the weights, without biases. */
export function weights(state) {
  return steps(state).reduce((sum, { channels, filters, kernel, groups }) =>
    sum + filters * (channels / groups) * kernel ** 2, 0);
}

/** Count the multiply-adds at stride 1, with the padding that keeps the size: each weight once at every pixel. */
export function multiplyAdds(state) {
  return weights(state) * state.side ** 2;
}

/** Divide by the weights of the ordinary layer between as many channels. */
export function ratio(state) {
  const { channels, filters } = { channels: state.channels, filters: steps(state).at(-1).filters };
  return weights(state) / weights({ ...state, filters, kind: "ordinary" });
}

/** List the channels that one convolution reads for an output. */
function feeds({ channels, filters, groups }, output) {
  const size = channels / groups;
  const first = Math.floor(output / (filters / groups)) * size;
  return Array.from({ length: size }, (_, n) => first + n);
}

/** Return, from the inputs up, the channels of every level on which one output depends. */
export function levels(state, output) {
  const up = [[output]];
  for (const step of steps(state).reverse()) up.unshift([...new Set(up[0].flatMap((unit) => feeds(step, unit)))]);
  return up;
}

const KINDS = {
  ordinary: ["ordinary, K × K", "F · C · K²", ""],
  pointwise: ["1 × 1", "F · C", "1 / K²"],
  groups: ["K × K in groups", "F · (C / g) · K²", "1 / g"],
  depthwise: ["depthwise, K × K", "C · K²", "1 / C"],
  separable: ["depthwise separable", "C · K² + F · C", "1 / F + 1 / K²"],
};
const FIELDS = [
  ["channels", "C, channels in", 1024], ["filters", "F, filters", 1024], ["kernel", "K, kernel", 11],
  ["groups", "g, groups", 1024], ["side", "Map, pixels", 1024],
];
const MOST = 8; // channels that are drawn
const MARKUP = `
  <div class="moving-fields moving-narrow">${FIELDS.map(([name, label, most]) =>
    `<label>${label} <input type="number" step="1" min="1" max="${most}" data-set="${name}"></label>`).join("")}</div>
  <div class="moving-bar">
    <label>Layer <select data-set="kind">${Object.entries(KINDS).map(([kind, [name]]) =>
      `<option value="${kind}">${name}</option>`).join("")}</select></label>
    <label class="moving-slider">Output
      <input type="range" min="0" data-set="output"> <output data-part="output"></output></label>
  </div>
  <div class="moving-row" data-part="pictures"></div>
  <div class="moving-result moving-tall" role="status" aria-live="polite"></div>`;

const many = (number) => number.toLocaleString("en-US");
const several = (count, thing) => `${many(count)} ${thing}${count === 1 ? "" : "s"}`;

function listed(units, all) {
  if (units.length === all) return all === 1 ? "the one input" : `all ${all} inputs`;
  if (units.length === 1) return `input ${units[0]}`;
  return `inputs ${units[0]} ${units.length === 2 ? "and" : "to"} ${units.at(-1)}`;
}

/** Draw every level as a row of numbered channels, the inputs at the bottom; thick lines are K by K kernels. */
function joined(state, output) {
  const layers = steps(state);
  const sizes = [state.channels, ...layers.map((each) => each.filters)];
  const widest = Math.max(...sizes);
  const marked = levels(state, output);
  const names = ["inputs", ...(layers.length > 1 ? ["maps"] : []), "outputs"];
  const x = (level, unit) => (widest - sizes[level]) / 2 + unit + 0.5;
  const y = (level) => (layers.length - level) * 2.3 + 0.5;
  const lines = layers.flatMap((layer, n) => Array.from({ length: layer.filters }, (_, unit) =>
    feeds(layer, unit).map((below) =>
      ({ n, unit, below, on: marked[n + 1].includes(unit), thick: layer.kernel > 1 }))).flat());
  const drawn = lines.sort((a, b) => a.on - b.on).map(({ n, unit, below, on, thick }) =>
    `<line class="${on ? "joined-on" : "joined-off"}${thick ? " joined-thick" : ""}"`
    + ` x1="${x(n + 1, unit)}" y1="${y(n + 1)}" x2="${x(n, below)}" y2="${y(n)}"/>`);
  const box = (level, unit) => {
    const button = level === layers.length ? ` data-output="${unit}"` : "";
    return `<g class="${marked[level].includes(unit) ? "joined-on" : "joined-off"}"${button}>`
      + `<rect x="${x(level, unit) - 0.4}" y="${y(level) - 0.4}" width="0.8" height="0.8" rx="0.14"/>`
      + `<text x="${x(level, unit)}" y="${y(level)}">${unit}</text></g>`;
  };
  const boxes = sizes.flatMap((size, level) => [
    `<text class="joined-name" x="-0.2" y="${y(level)}">${names[level]}</text>`,
    ...Array.from({ length: size }, (_, unit) => box(level, unit)),
  ]);
  const words = `${sizes.length} rows of channels, ${sizes.join(", ")}, the inputs at the bottom; output ${output} depends on `
    + listed(marked[0], state.channels);
  const wide = widest + 2.4;
  return `<svg class="joined" width="${wide * 34}" viewBox="-2.3 -0.1 ${wide} ${layers.length * 2.3 + 1.2}"`
    + ` role="img" aria-label="${words}">${drawn.join("")}${boxes.join("")}</svg>`;
}

/** Draw the matrix of kernels of one convolution; the rows of the marked outputs are filled. */
function matrix(layer, marked) {
  const { channels, filters, kernel, groups } = layer;
  const size = kernel > 1 ? 0.84 : 0.4;
  const cuts = Array.from({ length: kernel < 8 ? kernel - 1 : 0 }, (_, k) => 0.08 + (0.84 * (k + 1)) / kernel);
  const cells = Array.from({ length: filters }, (_, unit) => feeds(layer, unit).map((input) =>
    `<g class="${marked.includes(unit) ? "joined-on" : "joined-off"}">`
    + `<rect x="${input + 0.5 - size / 2}" y="${unit + 0.5 - size / 2}" width="${size}" height="${size}"/>`
    + `<path d="${cuts.map((cut) => `M${input + cut} ${unit + 0.08}v.84M${input + 0.08} ${unit + cut}h.84`).join("")}"/></g>`,
  )).flat();
  const where = groups === 1 ? "every entry is" : groups === channels && filters === channels ? "each entry of the diagonal is"
    : `in ${groups} blocks along the diagonal, every entry is`;
  const words = `${filters} rows and ${channels} columns; ${where} a kernel of ${kernel} by ${kernel}`;
  return `<div><p class="moving-name">Kernels: ${filters} × ${channels}</p>`
    + `<svg class="joined-matrix" width="${channels * 22}" viewBox="-0.05 -0.05 ${channels + 0.1} ${filters + 0.1}"`
    + ` role="img" aria-label="${words}"><rect class="joined-frame" width="${channels}" height="${filters}"/>`
    + `${cells.join("")}</svg></div>`;
}

/** Write the product that counts one convolution's weights. */
function counted({ channels, filters, kernel, groups }) {
  const each = groups === 1 ? channels : groups === channels ? 1 : `(${channels} / ${groups})`;
  return `${filters} · ${each} · ${kernel} · ${kernel}`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const controls = [...el.querySelectorAll("[data-set]:not([type=range])")];
  const slider = el.querySelector('[data-set="output"]');
  const result = el.querySelector(".moving-result");
  const state = () => Object.fromEntries(controls.map((each) => [each.dataset.set, model.get(each.dataset.set)]));

  function sentence(layer, output) {
    const [first, second] = steps(layer);
    const inputs = levels(layer, output)[0];
    const size = `${first.kernel} × ${first.kernel}`;
    const reads = `Output ${output} reads <strong>${listed(inputs, layer.channels)}</strong>`;
    const own = several(inputs.length, "weight");
    if (second) return `${reads}, each through its one kernel of ${size}; ${own} of its own mix the maps.`;
    if (first.kernel === 1) return `${reads}, by ${own}: one pixel, no neighbours.`;
    const all = several(inputs.length * first.kernel ** 2, "weight");
    return `${reads}, through ${several(inputs.length, "kernel")} of ${size}: ${all}.`;
  }

  function draw() {
    const layer = state();
    for (const control of controls) if (control !== document.activeElement) control.value = layer[control.dataset.set];
    el.querySelector('[data-set="filters"]').disabled = layer.kind === "depthwise";
    el.querySelector('[data-set="groups"]').disabled = layer.kind !== "groups";
    const wrong = refusal(layer);
    result.dataset.verdict = wrong ? "wrong" : "";
    if (wrong) {
      part("pictures").innerHTML = "<p>There is nothing to draw: a group would not be whole.</p>";
      result.innerHTML = `<p><strong>Refused:</strong> ${wrong}. Take groups that divide both.</p>`;
      return;
    }
    const layers = steps(layer);
    const outputs = layers.at(-1).filters;
    const output = Math.min(model.get("output"), outputs - 1);
    slider.max = outputs - 1;
    slider.value = output;
    part("output").textContent = `${output} of 0 to ${outputs - 1}`;
    const marked = levels(layer, output);
    part("pictures").innerHTML = Math.max(layer.channels, outputs) > MOST
      ? `<p>The picture is drawn up to ${MOST} channels; the counts hold for any number.</p>`
      : joined(layer, output) + layers.map((each, n) => matrix(each, marked[n + 1])).join("");
    const [, letters, share] = KINDS[layer.kind];
    const usual = weights({ ...layer, filters: outputs, kind: "ordinary" });
    const total = many(weights(layer));
    const value = `<strong>${Number(ratio(layer).toPrecision(3))}</strong>${share ? ` = ${share}` : ""}`;
    result.innerHTML = `<p>${sentence(layer, output)}</p>
      <p class="moving-sum">weights: ${letters} = ${layers.map(counted).join(" + ")} = <strong>${total}</strong></p>
      <p class="moving-sum">multiply-adds: ${total} · ${layer.side} · ${layer.side}
        = <strong>${many(multiplyAdds(layer))}</strong></p>
      <p class="moving-sum">ratio to the ordinary layer: ${total} / ${many(usual)} = ${value}</p>`;
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (name === "kind") model.set(name, target.value);
    else if (name && target.value !== "" && target.checkValidity()) model.set(name, target.valueAsNumber);
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.type === "number") target.value = model.get(target.dataset.set);
  });
  el.addEventListener("click", ({ target }) => {
    const chosen = target.closest("[data-output]");
    if (chosen) model.set("output", Number(chosen.dataset.output));
  });
  model.on("change", draw);
  draw();
}

export default { render };
