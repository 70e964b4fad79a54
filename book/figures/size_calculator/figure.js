/* What a convolution makes of a square image: the size of its map, its parameters and its multiply-adds, written out. */

/** Count the positions of a window, or say why it does not fit, in the words of cs_cnn.layers.output_size. */
export function outputSize({ size, kernel, stride = 1, pad = 0, dilation = 1 }, strict = false) {
  const span = dilation * (kernel - 1) + 1;
  const padded = size + 2 * pad;
  if (span > padded) {
    return { refusal: `a window that spans ${span} pixels is larger than the input of ${padded}`
      + ` (${size}, and padding ${pad} before and ${pad} after)` };
  }
  const exact = (padded - span) / stride + 1;
  if (strict && !Number.isInteger(exact)) {
    return { refusal: `a window of ${span} with stride ${stride} does not fit ${padded} pixels: (${padded} - ${span}) / ${stride}`
      + ` + 1 = ${exact.toFixed(2)} is not a whole number` };
  }
  return { out: Math.floor(exact), exact, unseen: (padded - span) % stride };
}

export function parameters({ kernel, channels, filters, bias }) {
  return filters * (channels * kernel * kernel + (bias ? 1 : 0));
}

export function multiplyAdds({ kernel, channels, filters }, out) {
  return filters * channels * kernel * kernel * out * out;
}

const FIELDS = [
  ["size", "Image, pixels", 1, 1024], ["kernel", "Kernel", 1, 31], ["stride", "Stride", 1, 16], ["pad", "Padding", 0, 15],
  ["dilation", "Dilation", 1, 16], ["channels", "Channels in", 1, 4096], ["filters", "Filters", 1, 4096],
];
const EXAMPLES = {
  "7 pixels, kernel 3, stride 3": { size: 7, kernel: 3, stride: 3, pad: 0, dilation: 1, channels: 3, filters: 6 },
  "32 pixels, kernel 5": { size: 32, kernel: 5, stride: 1, pad: 0, dilation: 1, channels: 3, filters: 6 },
  "first layer of AlexNet": { size: 227, kernel: 11, stride: 4, pad: 0, dilation: 1, channels: 3, filters: 96 },
  "second layer of VGG": { size: 224, kernel: 3, stride: 1, pad: 1, dilation: 1, channels: 64, filters: 64 },
  "dilated, same size": { size: 28, kernel: 3, stride: 1, pad: 2, dilation: 2, channels: 16, filters: 16 },
};
const MARKUP = `
  <div class="moving-fields">${FIELDS.map(([name, label, least, most]) =>
    `<label>${label} <input type="number" step="1" min="${least}" max="${most}" data-set="${name}"></label>`).join("")}</div>
  <div class="moving-bar">
    <label><input type="checkbox" data-set="bias"> Bias</label>
    <label><input type="checkbox" data-set="strict"> Strict: refuse what does not fit</label>
    <label>Examples <select data-part="example"><option>choose one</option><option>${Object.keys(EXAMPLES).join("</option><option>")}</option></select></label>
  </div>
  <div data-part="picture" class="moving-strip"></div>
  <div class="moving-result moving-tall" role="status" aria-live="polite"></div>`;
const LARGEST_PICTURE = 40;

const many = (number) => number.toLocaleString("en-US");
const square = (side) => `${many(side)} × ${many(side)}`;

/** Draw one axis: the pixels as squares, the positions of the window as bars below them. */
function strip(state, { out, unseen }) {
  const { size, kernel, stride, pad, dilation } = state;
  const span = dilation * (kernel - 1) + 1;
  const total = size + 2 * pad;
  const squares = Array.from({ length: total }, (_, i) => {
    const kind = i >= total - unseen ? "unseen" : i < pad || i >= total - pad ? "pad" : "pixel";
    return `<rect class="strip-${kind}" x="${i + 0.06}" y="0.06" width="0.88" height="0.88" rx="0.12"/>`;
  });
  const lanes = Math.min(out, Math.ceil(span / stride) + 1);
  const pieces = dilation === 1 ? [[0, kernel]] : Array.from({ length: kernel }, (_, k) => [k * dilation, 1]);
  const bars = Array.from({ length: out }, (_, n) => pieces.map(([from, wide]) =>
    `<rect class="strip-${n % 2 ? "odd" : "even"}" x="${n * stride + from + 0.1}" y="${1.25 + 0.5 * (n % lanes)}" width="${wide - 0.2}" height="0.3"/>`).join(""));
  const words = `${total} pixels along one axis${pad ? `, ${pad} of padding at either end` : ""}, and ${out} positions of a window of ${span}`
    + `${unseen ? `; the last ${unseen} ${unseen === 1 ? "pixel is" : "pixels are"} in no window` : ""}`;
  return `<svg viewBox="-0.1 0 ${Math.max(total, 14) + 0.2} ${1.3 + 0.5 * lanes}" preserveAspectRatio="xMinYMid" role="img" aria-label="${words}">${squares.join("")}${bars.join("")}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const controls = [...el.querySelectorAll("[data-set]")];
  const state = () => Object.fromEntries(controls.map((each) => [each.dataset.set, model.get(each.dataset.set)]));

  function draw() {
    const layer = state();
    for (const control of controls) {
      if (control.type === "checkbox") control.checked = layer[control.dataset.set];
      else if (control !== document.activeElement) control.value = layer[control.dataset.set];
    }
    const { size, kernel, stride, pad, dilation, channels, filters, bias, strict } = layer;
    const span = dilation * (kernel - 1) + 1;
    const found = outputSize(layer, strict);
    const result = el.querySelector(".moving-result");
    const loose = outputSize(layer);
    part("picture").innerHTML = loose.out && size + 2 * pad <= LARGEST_PICTURE ? strip(layer, loose)
      : `<p>${loose.out ? `The picture of one axis is drawn up to ${LARGEST_PICTURE} pixels.` : "There is nothing to draw: the window is larger than the image."}</p>`;
    if (found.refusal) {
      result.dataset.verdict = "wrong";
      result.innerHTML = `<p><strong>Refused:</strong> ${found.refusal}. ${loose.out
        ? `Change the stride or the padding; not strict, it would be rounded down to ${loose.out}, and the last ${loose.unseen === 1 ? "pixel" : `${loose.unseen} pixels`} left unseen.` : "Take a smaller kernel or more padding."}</p>`;
      return;
    }
    const { out, exact, unseen } = found;
    result.dataset.verdict = "";
    result.innerHTML = `
      <p>The map is <strong>${filters} × ${square(out)}</strong>, with <strong>${many(parameters(layer))}</strong> parameters
      and <strong>${many(multiplyAdds(layer, out))}</strong> multiply-adds.</p>
      ${dilation > 1 ? `<p class="moving-sum">span: ${dilation} · (${kernel} − 1) + 1 = ${span}</p>` : ""}
      <p class="moving-sum">side: (${size} + 2 · ${pad} − ${span}) / ${stride} + 1 = ${Number.isInteger(exact) ? out : `${exact.toFixed(2)}, rounded down ${out}`}${unseen ? ` (${unseen} unseen)` : ""}</p>
      <p class="moving-sum">parameters: ${filters} · (${channels} · ${kernel} · ${kernel}${bias ? " + 1" : ""}) = ${many(parameters(layer))}</p>
      <p class="moving-sum">multiply-adds: ${filters} · ${channels} · ${kernel} · ${kernel} · ${out} · ${out} = ${many(multiplyAdds(layer, out))}</p>`;
  }

  el.addEventListener("input", ({ target }) => {
    if (target === part("example")) {
      if (EXAMPLES[target.value]) model.set(EXAMPLES[target.value]);
      return;
    }
    const name = target.dataset.set;
    if (!name) return;
    if (target.type === "checkbox") model.set(name, target.checked);
    else if (target.value !== "" && target.checkValidity()) {
      part("example").selectedIndex = 0;
      model.set(name, target.valueAsNumber);
    }
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.type === "number") target.value = model.get(target.dataset.set);
  });
  model.on("change", draw);
  draw();
}

export default { render };
