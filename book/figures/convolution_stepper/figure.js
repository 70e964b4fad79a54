/* A window slides over a small image. The reader predicts an entry of the map, then sees it written out term by term. */

export function outputSize(size, kernel, { stride = 1, pad = 0 } = {}) {
  return Math.floor((size + 2 * pad - kernel) / stride) + 1;
}

/** Turn a kernel by 180 degrees. */
export function turned(kernel) {
  return kernel.map((row) => [...row].reverse()).reverse();
}

/** List the products of one window, kernel row by kernel row; a pixel outside of the image is 0. */
export function terms(image, kernel, row, column, { stride = 1, pad = 0, flip = false } = {}) {
  return (flip ? turned(kernel) : kernel).map((weights, k) =>
    weights.map((weight, m) => {
      const pixel = image[row * stride - pad + k]?.[column * stride - pad + m] ?? 0;
      return { weight, pixel, product: weight * pixel };
    }));
}

export function entry(image, kernel, bias, row, column, options = {}) {
  return terms(image, kernel, row, column, options).flat().reduce((sum, each) => sum + each.product, bias);
}

export function convolve(image, kernel, bias, options = {}) {
  const height = outputSize(image.length, kernel.length, options);
  const width = outputSize(image[0].length, kernel[0].length, options);
  return Array.from({ length: height }, (_, i) =>
    Array.from({ length: width }, (_, j) => entry(image, kernel, bias, i, j, options)));
}

/** Say what a prediction is: "right", a known slip, or "wrong". */
export function judge(guess, image, kernel, bias, row, column, options = {}) {
  const near = (value) => Math.abs(guess - value) < 0.005 + 1e-9;
  const at = (b, changed) => entry(image, kernel, b, row, column, { ...options, ...changed });
  if (near(at(bias, {}))) return "right";
  if (near(at(0, {}))) return "no bias";
  if (near(at(bias, { flip: !options.flip }))) return "turned";
  if ((options.stride ?? 1) > 1 && near(entry(image, kernel, bias, row / options.stride, column / options.stride, options)))
    return "no stride";
  return "wrong";
}

/** Put a signed value on the scale from -3 to 3 that the style sheet colours. */
export function level(value, largest) {
  return value && largest ? Math.sign(value) * Math.ceil(3 * (Math.abs(value) / largest)) : 0;
}

export function written(value) {
  return String(Math.round(value * 1000) / 1000 + 0).replace("-", "−");
}

const SLIPS = {
  "no bias": "That is the sum without the bias. ",
  "turned": "That is what the kernel gives when it is turned by 180 degrees. ",
  "no stride": "That window is one pixel on, not one stride on. ",
  "wrong": "Not quite. ",
};

const KERNELS = {
  "left to right": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
  "top to bottom": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
  "Laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
  "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  "sum of all": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
};

const MARKUP = `
  <div class="moving-bar">
    <label>Kernel <select data-set="preset"><option>${Object.keys(KERNELS).join("</option><option>")}</option><option>my own</option></select></label>
    <label>Stride <select data-set="stride"><option>1</option><option>2</option></select></label>
    <label>Padding <select data-set="pad"><option>0</option><option>1</option></select></label>
    <label><input type="checkbox" data-set="flip"> Flip the kernel (convolution)</label>
  </div>
  <div class="moving-row">
    <table class="moving-grid"><caption>Image</caption><tbody data-part="image"></tbody></table>
    <table class="moving-grid"><caption>Map</caption><tbody data-part="map"></tbody></table>
    <div><table class="moving-grid moving-edit"><caption>Kernel (edit it)</caption><tbody data-part="kernel"></tbody></table>
      <label class="moving-bias">Bias <input type="number" step="any" data-set="bias"></label></div>
    <table class="moving-grid" data-part="turned-table"><caption>Kernel as applied</caption><tbody data-part="turned"></tbody></table>
  </div>
  <form class="moving-bar">
    <label><span data-part="question"></span> <input type="number" step="any" data-part="guess"></label>
    <button type="submit" class="moving-main">Check</button>
    <button type="button" data-do="show">Show it</button>
    <button type="button" data-do="next">Next</button>
    <button type="button" data-do="all">Show all</button>
  </form>
  <div class="moving-result moving-tall" role="status" aria-live="polite"></div>`;

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const control = (name) => el.querySelector(`[data-set="${name}"]`);
  const options = () => ({ stride: model.get("stride"), pad: model.get("pad"), flip: model.get("flip") });
  const now = () => [model.get("image"), model.get("kernel"), model.get("bias")];
  const place = () => [model.get("row"), model.get("column")];
  const key = (row, column) => `${row},${column}`;
  const cells = (values) => {
    const largest = Math.max(...values.flat().map(Math.abs));
    return values.map((row) => row.map((value) => ({ value, level: level(value, largest) })));
  };

  function drawImage() {
    const [image, kernel] = now();
    const { stride, pad } = options();
    const [row, column] = place();
    const padded = Array.from({ length: image.length + 2 * pad }, (_, i) =>
      Array.from({ length: image[0].length + 2 * pad }, (_, j) => image[i - pad]?.[j - pad] ?? 0));
    part("image").innerHTML = cells(padded).map((line, i) => `<tr>${line.map((each, j) => {
      const framed = i >= row * stride && i < row * stride + kernel.length
        && j >= column * stride && j < column * stride + kernel[0].length;
      const border = image[i - pad]?.[j - pad] === undefined;
      return `<td data-level="${each.level}" class="${framed ? "moving-framed" : ""}${border ? " moving-pad" : ""}">${written(each.value)}</td>`;
    }).join("")}</tr>`).join("");
  }

  function drawKernel() {
    const kernel = model.get("kernel");
    const drawn = cells(kernel);
    if (!part("kernel").children.length) {
      part("kernel").innerHTML = kernel.map((line, i) => `<tr>${line.map((_, j) =>
        `<td><input type="number" step="any" data-at="${i},${j}" aria-label="Kernel, row ${i}, column ${j}"></td>`).join("")}</tr>`).join("");
    }
    for (const input of part("kernel").querySelectorAll("input")) {
      const [i, j] = input.dataset.at.split(",").map(Number);
      input.parentElement.dataset.level = drawn[i][j].level;
      if (input !== document.activeElement) input.value = kernel[i][j];
    }
    const name = Object.keys(KERNELS).find((each) => JSON.stringify(KERNELS[each]) === JSON.stringify(kernel));
    control("preset").value = name ?? "my own";
    part("turned-table").hidden = !model.get("flip");
    part("turned").innerHTML = cells(turned(kernel)).map((line) =>
      `<tr>${line.map((each) => `<td data-level="${each.level}">${written(each.value)}</td>`).join("")}</tr>`).join("");
  }

  function drawMap() {
    const drawn = cells(convolve(...now(), options()));
    const shown = new Set(model.get("shown"));
    const [row, column] = place();
    const held = part("map").contains(document.activeElement);
    part("map").innerHTML = drawn.map((line, i) => `<tr>${line.map((each, j) => {
      const known = shown.has(key(i, j));
      const text = known ? written(each.value) : "?";
      const here = i === row && j === column;
      return `<td data-level="${known ? each.level : 0}" class="${here ? "moving-framed" : ""}">`
        + `<button type="button" data-at="${i},${j}" tabindex="${here ? 0 : -1}" aria-pressed="${here}" aria-label="Row ${i}, column ${j}: ${text}">${text}</button></td>`;
    }).join("")}</tr>`).join("");
    if (held) part("map").querySelector('[tabindex="0"]').focus();
    part("question").textContent = `Predict row ${row}, column ${column}:`;
  }

  function draw() {
    drawImage();
    drawKernel();
    drawMap();
    for (const name of ["stride", "pad"]) control(name).value = model.get(name);
    control("flip").checked = model.get("flip");
    if (control("bias") !== document.activeElement) control("bias").value = model.get("bias");
  }

  function say(verdict, sentence, lines = []) {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = `<p>${sentence}</p>${lines.map((line) => `<p class="moving-sum">${line}</p>`).join("")}`;
  }

  function reveal(verdict, before) {
    const [row, column] = place();
    const value = written(entry(...now(), row, column, options()));
    const lines = terms(model.get("image"), model.get("kernel"), row, column, options()).map((line) =>
      line.map(({ weight, pixel }) => `${weight < 0 ? `(${written(weight)})` : written(weight)} · ${written(pixel)}`).join(" + "));
    model.set("shown", [...new Set([...model.get("shown"), key(row, column)])]);
    say(verdict, `${before}Row ${row}, column ${column} is <strong>${value}</strong>:`,
      [...lines.map((line, n) => (n ? `+ ${line}` : line)), `+ bias ${written(model.get("bias"))} = ${value}`]);
  }

  function move(row, column) {
    model.set({ row, column });
    part("guess").value = "";
    say("", "");
  }

  const restart = (change) => model.set({ ...change, row: 0, column: 0, shown: [] });
  const sizes = () => {
    const map = convolve(...now(), options());
    return [map.length, map[0].length];
  };

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (part("kernel").contains(target) && Number.isFinite(target.valueAsNumber)) {
      const [i, j] = target.dataset.at.split(",").map(Number);
      const kernel = model.get("kernel").map((line) => [...line]);
      kernel[i][j] = target.valueAsNumber;
      restart({ kernel });
    } else if (name === "preset" && KERNELS[target.value]) restart({ kernel: KERNELS[target.value] });
    else if (name === "stride" || name === "pad") restart({ [name]: Number(target.value) });
    else if (name === "flip") restart({ flip: target.checked });
    else if (name === "bias" && Number.isFinite(target.valueAsNumber)) restart({ bias: target.valueAsNumber });
    else return;
    say("", "");
  });
  el.addEventListener("submit", (event) => {
    event.preventDefault();
    const guess = part("guess").valueAsNumber;
    if (!Number.isFinite(guess)) return say("", "Type a number first.");
    const verdict = judge(guess, ...now(), ...place(), options());
    reveal(verdict === "right" ? "right" : "wrong", verdict === "right" ? "Right. " : SLIPS[verdict]);
  });
  el.addEventListener("click", ({ target }) => {
    const [height, width] = sizes();
    const [row, column] = place();
    if (part("map").contains(target) && target.dataset.at) move(...target.dataset.at.split(",").map(Number));
    if (target.dataset.do === "show") reveal("", "");
    if (target.dataset.do === "next") {
      const next = (row * width + column + 1) % (height * width);
      move(Math.floor(next / width), next % width);
    }
    if (target.dataset.do === "all") {
      model.set("shown", Array.from({ length: height * width }, (_, n) => key(Math.floor(n / width), n % width)));
      say("", `All ${height * width} entries of the map are shown.`);
    }
  });
  part("map").addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [height, width] = sizes();
    const [row, column] = place();
    move(Math.min(height - 1, Math.max(0, row + step[0])), Math.min(width - 1, Math.max(0, column + step[1])));
  });
  model.on("change", draw);
  draw();
  say("", "Type your prediction and check it. In the map, the arrow keys move the window.");
}

export default { render };
