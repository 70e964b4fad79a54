/* Padding, stride, dilation and the transposed convolution on one row of cells: the same lines, read upwards or downwards. */

/** Find the sizes of the map above and the image below, or say why there are none, in the words of cs_cnn.layers. */
export function shape({ transposed, size, kernel, stride, pad, dilation, extra }) {
  const span = dilation * (kernel - 1) + 1;
  if (transposed) {
    const total = (size - 1) * stride + span + extra;
    if (extra >= stride) return { refusal: `output_pad must be smaller than stride ${stride}, got ${extra}` };
    if (total <= 2 * pad) return { refusal: `pad must leave something of the output, whose width is ${total}, got ${pad}` };
    return { span, total, map: size, image: total - 2 * pad, rest: extra };
  }
  const total = size + 2 * pad;
  if (span > total) {
    return { refusal: `a window that spans ${span} pixels is larger than the input of ${total}`
      + ` (${size}, and padding ${pad} before and ${pad} after)` };
  }
  return { span, total, map: Math.floor((total - span) / stride) + 1, image: size, rest: (total - span) % stride };
}

/** List the pixels that entry n of the map is joined to; those below 0 or from the image's size on are padding. */
export function joined({ kernel, stride, pad, dilation }, n) {
  return Array.from({ length: kernel }, (_, k) => n * stride - pad + k * dilation);
}

/** Read upwards: compute the map from an image. */
export function convolution(layer, weights, image) {
  return Array.from({ length: shape({ ...layer, transposed: false, size: image.length }).map }, (_, n) =>
    joined(layer, n).reduce((sum, pixel, k) => sum + weights[k] * (image[pixel] ?? 0), 0));
}

/** Write downwards: let every entry of the map stamp the kernel onto the image; what falls on the padding is cut off. */
export function stamped(layer, weights, map) {
  const image = Array(shape({ ...layer, transposed: true, size: map.length }).image).fill(0);
  map.forEach((value, n) => joined(layer, n).forEach((pixel, k) => {
    if (pixel in image) image[pixel] += weights[k] * value;
  }));
  return image;
}

/** Count how many entries of the map each pixel is joined to. */
export function readers(layer) {
  const { map, image } = shape(layer);
  const all = Array.from({ length: map }, (_, n) => joined(layer, n)).flat();
  return Array.from({ length: image }, (_, pixel) => all.filter((each) => each === pixel).length);
}

const FIELDS = [
  ["size", "Pixels", 1, 24], ["kernel", "Kernel", 1, 7], ["stride", "Stride", 1, 5], ["pad", "Padding", 0, 6],
  ["dilation", "Dilation", 1, 5], ["extra", "Output pad", 0, 4],
];
const LARGEST_PICTURE = 36;
const MARKUP = `
  <div class="moving-bar">
    <label>Direction <select data-set="transposed">
      <option value="">convolution: read</option><option value="yes">transposed: stamp</option></select></label>
  </div>
  <div class="moving-fields moving-narrow">${FIELDS.map(([name, label, least, most]) =>
    `<label><span data-label="${name}">${label}</span>
      <input type="number" step="1" min="${least}" max="${most}" data-set="${name}"></label>`).join("")}</div>
  <div class="moving-bar">
    <label class="moving-slider"><span data-part="chosen-name"></span>
      <input type="range" min="0" data-set="chosen"> <output data-part="chosen"></output></label>
    <table class="moving-grid moving-small"><tbody><tr><th scope="row">Kernel</th></tr></tbody></table>
  </div>
  <div class="moving-wide" tabindex="0" role="region" aria-label="Picture of the row of cells" data-part="picture"></div>
  <div class="moving-result moving-tall" role="status" aria-live="polite"></div>`;

const written = (value) => String(value).replace("-", "−");
const bracket = (value) => (value < 0 ? `(${written(value)})` : written(value));
const level = (value, largest) => (value && largest ? Math.sign(value) * Math.ceil(3 * (Math.abs(value) / largest)) : 0);
const several = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

function listed(thing, list) {
  const all = list.map(written);
  return `${thing}${all.length === 1 ? "" : "s"} ${all.length < 2 ? all : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`}`;
}

/** Draw one cell with its number; `kinds` are its classes. */
function cell(x, y, value, largest, kinds, mark = "") {
  const shade = typeof value === "number" ? ` data-level="${level(value, largest)}"` : "";
  return `<g class="${kinds}"${mark}><rect${shade} x="${x + 0.06}" y="${y + 0.06}" width="0.88" height="0.88" rx="0.12"/>`
    + `<text x="${x + 0.5}" y="${y + 0.5}">${written(value)}</text></g>`;
}

/** Draw the map above, the image with its padding below, and a line for each weight of each window. */
function picture(layer, { total, map, image, rest, span }, chosen, above, below) {
  const { transposed, pad, stride } = layer;
  const read = joined(layer, chosen);
  const middle = (n) => n * stride + span / 2;
  const most = (list) => Math.max(...list.map(Math.abs));
  const inOrder = Array.from({ length: map }, (_, n) => n).sort((a, b) => (a === chosen) - (b === chosen));
  const lines = inOrder.flatMap((n) => joined(layer, n).map((pixel) =>
    `<line class="${n === chosen ? "cells-on" : ""}" x1="${middle(n)}" y1="0.95" x2="${pixel + pad + 0.5}" y2="3.05"/>`));
  const upper = above.map((value, n) =>
    cell(middle(n) - 0.5, 0, value, most(above), n === chosen ? "cells-framed" : "", ` data-at="${n}"`));
  const lower = Array.from({ length: total }, (_, i) => {
    const pixel = i - pad;
    const padding = pixel < 0 || pixel >= image;
    const kinds = [padding && "cells-pad", i >= total - rest && "cells-unseen", read.includes(pixel) && "cells-framed"];
    return cell(i, 3, padding ? (transposed ? "cut" : "0") : below[pixel], most(below), kinds.filter(Boolean).join(" "));
  });
  const counts = readers(layer).map((count, pixel) => `<text x="${pixel + pad + 0.5}" y="4.35">${count}×</text>`);
  const names = transposed ? ["input", "output, and how many stamps fall on each pixel"]
    : ["output", "input, and how many windows read each pixel"];
  const words = `Two rows of cells, ${several(map, "cell")} above and ${several(image, "pixel")} below`
    + `${pad ? `, with ${pad} of padding at either end` : ""}; cell ${chosen} above is joined to ${listed("pixel", read)}`
    + `${rest ? `; the last ${several(rest, "cell")} below in no window` : ""}`;
  const wide = Math.max(total, 9);
  return `<p class="moving-name">${names[0]}</p><svg class="cells" width="${wide * 42}" style="min-width: ${wide * 24}px"`
    + ` viewBox="0 -0.05 ${wide} 4.7" role="img" aria-label="${words}">${[...lines, ...upper, ...lower].join("")}`
    + `<g class="cells-count">${counts.join("")}</g></svg><p class="moving-name">${names[1]}</p>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const fields = [...el.querySelectorAll(".moving-fields [data-set]")];
  const control = (name) => el.querySelector(`[data-set="${name}"]`);
  const result = el.querySelector(".moving-result");
  const state = () => Object.fromEntries(["transposed", ...FIELDS.map(([name]) => name)].map((name) => [name, model.get(name)]));
  const weights = () => model.get("weights").slice(0, model.get("kernel"));

  function describeConvolution(layer, { span, total, map, image, rest }, chosen, below, above) {
    const { stride, pad } = layer;
    const read = joined(layer, chosen);
    const outside = read.filter((pixel) => pixel < 0 || pixel >= image).length;
    const unread = readers(layer).flatMap((count, pixel) => (count ? [] : [pixel]));
    const terms = read.map((pixel, k) => `${bracket(weights()[k])} · ${bracket(below[pixel] ?? 0)}`);
    const exact = ((total - span) / stride + 1).toFixed(2);
    const fit = rest
      ? `The last step does not fit: the size is rounded down. The last ${rest === 1 ? "cell is" : `${rest} cells are`} in no window.`
      : "The last window ends at the border exactly.";
    const loss = unread.length ? ` No window reads ${listed("pixel", unread)}.` : rest ? " Only padding is lost." : "";
    return [
      `<p>The output has <strong>${several(map, "cell")}</strong>. Cell ${chosen} reads ${listed("pixel", read)}`
        + `${outside ? `, of which ${outside} in the padding` : ""}.</p>`,
      `<p class="moving-sum">size: (${image} + 2 · ${pad} − ${span}) / ${stride} + 1`
        + ` = ${rest ? `${exact}, rounded down ${map}` : map}</p>`,
      `<p class="moving-sum">cell ${chosen}: ${terms.join(" + ")} = ${written(above[chosen])}</p>`,
      `<p>${fit}${loss}</p>`,
    ];
  }

  function describeTransposed(layer, { span, map, image, rest }, chosen, below, above) {
    const { stride, pad, kernel } = layer;
    const kept = joined(layer, chosen).filter((pixel) => pixel >= 0 && pixel < image);
    const counts = readers(layer);
    const busiest = [...kept].sort((a, b) => counts[b] - counts[a])[0];
    const terms = above.flatMap((value, n) => joined(layer, n).flatMap((pixel, k) =>
      (pixel === busiest ? [`${bracket(weights()[k])} · ${bracket(value)}`] : [])));
    const base = image - rest;
    const others = stride === 1 ? "With stride 1, only one size can have made this map."
      : `A convolution makes ${several(map, "cell")} of ${base} to ${base + stride - 1} pixels; the output pad says which it was.`;
    return [
      `<p>The output has <strong>${several(image, "pixel")}</strong>. Cell ${chosen} stamps ${written(above[chosen])}`
        + ` times the kernel onto ${kept.length ? listed("pixel", kept) : "nothing that is left"}`
        + `${kept.length < kernel ? `; ${kernel - kept.length} of the ${kernel} products are cut off` : ""}.</p>`,
      `<p class="moving-sum">size: (${map} − 1) · ${stride} + ${span} − 2 · ${pad} + ${rest} = ${image}</p>`,
      busiest === undefined ? ""
        : `<p class="moving-sum">pixel ${busiest}, ${several(terms.length, "stamp")}: ${terms.join(" + ")}`
          + ` = ${written(below[busiest])}</p>`,
      `<p>${others}</p>`,
    ];
  }

  function draw() {
    const layer = state();
    for (const field of fields) if (field !== document.activeElement) field.value = layer[field.dataset.set];
    control("transposed").value = layer.transposed ? "yes" : "";
    control("extra").disabled = !layer.transposed;
    el.querySelector('[data-label="size"]').textContent = layer.transposed ? "Inputs" : "Pixels";
    const kernel = weights();
    const largest = Math.max(...model.get("weights").map(Math.abs));
    el.querySelector(".moving-grid tr").innerHTML = `<th scope="row">Kernel</th>${kernel.map((weight) =>
      `<td data-level="${level(weight, largest)}">${written(weight)}</td>`).join("")}`;
    const found = shape(layer);
    result.dataset.verdict = found.refusal ? "wrong" : "";
    if (found.refusal) {
      part("picture").innerHTML = "<p>There is nothing to draw.</p>";
      result.innerHTML = `<p><strong>Refused:</strong> ${found.refusal}.</p>`;
      return;
    }
    const values = model.get("values");
    const given = Array.from({ length: layer.size }, (_, n) => values[n % values.length]);
    const above = layer.transposed ? given : convolution(layer, kernel, given);
    const below = layer.transposed ? stamped(layer, kernel, given) : given;
    const chosen = Math.min(model.get("chosen"), found.map - 1);
    control("chosen").max = found.map - 1;
    control("chosen").value = chosen;
    part("chosen-name").textContent = layer.transposed ? "Input" : "Output";
    part("chosen").textContent = `${chosen} of 0 to ${found.map - 1}`;
    part("picture").innerHTML = found.total <= LARGEST_PICTURE ? picture(layer, found, chosen, above, below)
      : `<p>The picture is drawn up to ${LARGEST_PICTURE} cells.</p>`;
    const describe = layer.transposed ? describeTransposed : describeConvolution;
    const [first, ...others] = describe(layer, found, chosen, below, above);
    const { dilation } = layer;
    const span = dilation > 1 ? `<p class="moving-sum">span: ${dilation} · (${layer.kernel} − 1) + 1 = ${found.span}</p>` : "";
    result.innerHTML = [first, span, ...others].join("");
  }

  /** Turn the arrows round and keep the picture: the map becomes what is given, or the image does. */
  function turn() {
    const layer = state();
    const { refusal, map, image, rest } = shape(layer);
    const size = refusal ? layer.size : Math.min(layer.transposed ? image : map, FIELDS[0][3]);
    model.set({ transposed: !layer.transposed, size, extra: refusal || layer.transposed ? 0 : rest });
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (name === "transposed") turn();
    else if (name && target.value !== "" && target.checkValidity()) model.set(name, target.valueAsNumber);
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.type === "number") target.value = model.get(target.dataset.set);
  });
  el.addEventListener("click", ({ target }) => {
    const cell = target.closest("[data-at]");
    if (cell) model.set("chosen", Number(cell.dataset.at));
  });
  model.on("change", draw);
  draw();
}

export default { render };
