/* A net of one kernel looks for crosses; a patch covers a place. What the score loses, and what the slopes had promised. */

export const KERNEL = [[-1, 1, -1], [1, 1, 1], [-1, 1, -1]];
const SIDE = 9;

/** Return the net's answer, the largest rectified number of its map, and the corners of the windows that give it. */
export function answer(image) {
  const places = Array.from({ length: SIDE - 2 }, (_, n) => n);
  const map = places.flatMap((row) => places.map((column) => ({
    row,
    column,
    value: KERNEL.flat().reduce((sum, weight, k) => sum + weight * image[row + Math.floor(k / 3)][column + (k % 3)], 0),
  })));
  const score = Math.max(0, ...map.map((each) => each.value));
  return { score, best: map.filter((each) => each.value > 0 && each.value === score).map(({ row, column }) => [row, column]) };
}

export function covered(image, [top, left], size, fill) {
  const inside = (n, from) => n >= from && n < from + size;
  return image.map((line, i) => line.map((pixel, j) => (inside(i, top) && inside(j, left) ? fill : pixel)));
}

/** How far the score drops for every place of the patch. */
export function drops(image, size, fill) {
  const { score } = answer(image);
  const places = Array.from({ length: SIDE - size + 1 }, (_, n) => n);
  return places.map((top) => places.map((left) => score - answer(covered(image, [top, left], size, fill)).score));
}

/** The slope of the score at every pixel: the kernel, where the best window is; windows that are equally good share it. */
export function slopes(image) {
  const { best } = answer(image);
  return image.map((line, i) => line.map((_, j) => best.reduce((sum, [row, column]) =>
    sum + (KERNEL[i - row]?.[j - column] ?? 0) / best.length, 0)));
}

/** What the slopes say the patch will cost: each pixel's slope times its change. */
export function promised(image, place, size, fill) {
  const after = covered(image, place, size, fill);
  return slopes(image).flat().reduce((sum, slope, n) => sum + slope * (image.flat()[n] - after.flat()[n]), 0);
}

const FILLS = [[0, "black, 0"], [4, "grey, 4"], [9, "white, 9"]]
  .map(([value, name]) => `<option value="${value}">${name}</option>`).join("");
const MARKUP = `
  <div class="moving-bar">
    <label>Picture <select data-set="picture"></select></label>
    <label>Patch <select data-set="fill">${FILLS}</select></label>
    <label class="moving-slider">Size
      <input type="range" min="1" max="7" data-set="size"> <output data-part="size"></output></label>
  </div>
  <div class="moving-bar">
    <label class="moving-slider">Down <input type="range" min="0" data-set="top"></label>
    <label class="moving-slider">Across <input type="range" min="0" data-set="left"></label>
    <button type="button" class="moving-main" data-do="worst">Go to the largest drop</button>
  </div>
  <div class="cover-row">
    <div class="cover-picture"><p class="moving-name">What the net sees</p><div data-part="image"></div></div>
    <div><p class="moving-name">Drop, by place</p><div data-part="drops"></div></div>
    <div><p class="moving-name">Slopes, uncovered</p><div data-part="slopes"></div></div>
  </div>
  <div class="moving-result cover-result" role="status" aria-live="polite"></div>`;

const written = (value) => String(Math.round(value * 100) / 100 + 0).replace("-", "−");
const level = (value, largest) => (value ? Math.sign(value) * Math.min(3, Math.ceil((3 * Math.abs(value)) / largest)) : 0);
const span = (from, size, thing) => (size === 1 ? `${thing} ${from}` : `${thing}s ${from} to ${from + size - 1}`);

/** Draw a square of cells; `part` gives each cell's attributes and what is written in it. */
function square(values, offset, part, frame, words) {
  const cells = values.flatMap((line, i) => line.map((value, j) => {
    const [attributes, text] = part(value, i, j);
    const [x, y] = [j + offset, i + offset];
    const number = text === undefined ? "" : `<text x="${x + 0.5}" y="${y + 0.54}" ${attributes}>${text}</text>`;
    return `<rect ${attributes} data-at="${i},${j}" x="${x + 0.03}" y="${y + 0.03}" width="0.94" height="0.94"/>${number}`;
  }));
  const [top, left, size] = frame;
  const border = size ? `<rect class="cover-frame" x="${left}" y="${top}" width="${size}" height="${size}"/>` : "";
  return `<svg class="cover" viewBox="-0.15 -0.15 9.3 9.3" role="img" aria-label="${words}">`
    + `<rect class="cover-ground" x="0" y="0" width="9" height="9"/>${cells.join("")}${border}</svg>`;
}

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const control = (name) => el.querySelector(`[data-set="${name}"]`);
  const pictures = model.get("pictures");
  control("picture").innerHTML = Object.keys(pictures).map((name) => `<option>${name}</option>`).join("");

  function state() {
    const [size, fill, image] = [model.get("size"), model.get("fill"), pictures[model.get("picture")]];
    return { size, fill, image, place: [model.get("top"), model.get("left")].map((n) => Math.min(n, SIDE - size)) };
  }

  function describe({ size, fill, image, place }) {
    const [before, after] = [answer(image), answer(covered(image, place, size, fill))];
    const [drop, promise] = [before.score - after.score, promised(image, place, size, fill)];
    const gone = after.best.length ? "Another window answers now, and the slopes know only the old one."
      : "No window answers any more.";
    const why = drop !== promise ? gone : drop ? "They agree: the same window answers, and there the net is linear."
      : "Nothing under the patch counts, by either measure.";
    return [`${span(place[0], size, "Row")}, ${span(place[1], size, "column")}: the score goes from ${before.score} to`
      + ` ${after.score}, a ${drop < 0 ? "rise" : "drop"} of <strong>${written(Math.abs(drop))}</strong>; the slopes promised a`
      + ` ${promise < 0 ? "rise" : "drop"} of <strong>${written(Math.abs(promise))}</strong>.`, why];
  }

  function draw() {
    const now = state();
    const { size, fill, image, place } = now;
    const [found, { score }] = [drops(image, size, fill), answer(image)];
    const largest = Math.max(...found.flat());
    for (const name of ["picture", "fill", "size"]) control(name).value = model.get(name);
    ["top", "left"].forEach((name, n) => {
      control(name).max = SIDE - size;
      control(name).value = place[n];
    });
    part("size").textContent = `${size} × ${size}`;
    const grey = (value) => Math.round(20 + (235 * value) / 9);
    const seen = covered(image, place, size, fill);
    part("image").innerHTML = square(seen, 0, (value) =>
      [`style="--grey: ${grey(value)}" class="cover-${value > 3 ? "light" : "dark"}"`, value], [...place, size],
    `The picture of 9 by 9 pixels, row by row: ${seen.map((line) => line.join(" ")).join("; ")}. The patch covers`
      + ` ${span(place[0], size, "row")}, ${span(place[1], size, "column")}.`);
    part("drops").innerHTML = square(found, (size - 1) / 2, (value) => [`data-level="${level(value, score)}"`],
      [place[0] + (size - 1) / 2, place[1] + (size - 1) / 2, 1],
      `Drops of the score for ${found.length} by ${found.length} places: the largest is ${written(largest)} of ${score}`);
    part("slopes").innerHTML = square(slopes(image), 0, (value) => [`data-level="${level(value, 1)}"`], [0, 0, 0],
      "Slopes: not zero only in the best window, where they are the kernel, 1 in a cross and −1 in its corners");
    const lines = describe(now);
    lines.push(`At any place, this patch costs at most ${written(largest)} of ${score}.`);
    el.querySelector(".moving-result").innerHTML = lines.map((line) => `<p>${line}</p>`).join("");
  }

  el.addEventListener("input", ({ target }) => {
    const name = target.dataset.set;
    if (name) model.set(name, name === "picture" ? target.value : Number(target.value));
  });
  el.addEventListener("click", ({ target }) => {
    const { size, fill, image } = state();
    const map = target.closest("[data-part]")?.dataset.part;
    if (target.dataset.do === "worst") {
      const found = drops(image, size, fill).flat();
      const most = found.indexOf(Math.max(...found));
      model.set({ top: Math.floor(most / (SIDE - size + 1)), left: most % (SIDE - size + 1) });
    } else if (target.dataset.at) {
      const shift = map === "drops" ? 0 : Math.floor((size - 1) / 2);
      const [top, left] = target.dataset.at.split(",").map((n) => Math.max(0, Math.min(Number(n) - shift, SIDE - size)));
      model.set({ top, left });
    }
  });
  model.on("change", draw);
  draw();
}

export default { render };
