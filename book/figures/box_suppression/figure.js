/* Five boxes around two bags: intersection over union, suppression, and what every threshold would make of them. */

/** What two boxes share along x and y, the areas, and intersection over union. */
export function overlap(a, b) {
  const [across, down] = [0, 1].map((axis) => Math.max(Math.min(a[axis + 2], b[axis + 2]) - Math.max(a[axis], b[axis]), 0));
  const [first, second] = [a, b].map(([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1));
  const shared = across * down;
  const union = first + second - shared;
  return { across, down, shared, first, second, union, iou: union ? shared / union : 0 };
}

/** Go down the boxes, the best first; a box falls to the first one that stands and overlaps it by more than the threshold. */
export function suppress(boxes, threshold) {
  const standing = [];
  return boxes.map((box, n) => {
    const over = standing.map((other) => overlap(box, boxes[other]).iou);
    const hit = over.findIndex((each) => each > threshold);
    const most = hit >= 0 ? hit : over.indexOf(Math.max(...over));
    if (hit < 0) standing.push(n);
    return { kept: hit < 0, rival: standing[most] ?? null, iou: over[most] ?? 0 };
  });
}

/** Say of each box, the best first, whether it is right: its nearest object is overlapped by a half, and not yet found. */
export function verdicts(boxes, objects) {
  const found = new Set();
  return boxes.map((box) => {
    const over = objects.map((object) => overlap(box, object).iou);
    const nearest = over.indexOf(Math.max(...over));
    if (over[nearest] < 0.5) return "nothing";
    if (found.has(nearest)) return "twice";
    found.add(nearest);
    return "right";
  });
}

/** How many of the boxes that a threshold keeps are right, and how many wrong. */
export function outcome(boxes, objects, threshold) {
  const kept = boxes.filter((_, n) => suppress(boxes, threshold)[n].kept);
  const right = verdicts(kept, objects).filter((each) => each === "right").length;
  return { right, wrong: kept.length - right };
}

const NAMES = ["A", "B", "C", "D", "E"];
const SCORES = [0.9, 0.8, 0.7, 0.6, 0.5];
const THRESHOLDS = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => n / 10);
const [WIDE, HIGH] = [20, 12]; // of the picture
const FOLLOWING = [1, 2, 4]; // boxes that move with the right bag
const CORNERS = [[0, 0], [0.5, 0], [1, 0], [0, 1], [1, 1]]; // where each box carries its name
const STEPS = { ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowRight: [1, 0] };
const MARKUP = `
  <div class="moving-bar">
    <label>Move <select data-set="moved"><option value="bag">the right bag with B, C, E</option>
      ${NAMES.map((name, n) => `<option value="${n}">box ${name}</option>`).join("")}</select></label>
    <span class="nms-pad" role="group" aria-label="Move by one pixel">${[["ArrowLeft", "left", "←"], ["ArrowUp", "up", "↑"],
      ["ArrowDown", "down", "↓"], ["ArrowRight", "right", "→"]].map(([key, name, sign]) =>
      `<button type="button" data-key="${key}" aria-label="Move ${name}">${sign}</button>`).join("")}</span>
    <button type="button" data-do="reset">Start again</button>
  </div>
  <div class="moving-bar"><label class="moving-slider">Threshold
    <input type="range" min="0.1" max="0.9" step="0.1" data-set="threshold"> <output data-part="threshold"></output></label></div>
  <div class="moving-row">
    <div class="nms-picture" data-part="picture"></div>
    <table class="moving-table nms-list"><caption>From the best score down</caption>
      <thead><tr><th scope="col">Box</th><th scope="col">IoU</th><th scope="col">Kept?</th></tr></thead>
      <tbody data-part="list"></tbody></table>
    <table class="moving-grid moving-small nms-sweep"><caption>Boxes that each threshold would keep</caption>
      <tbody data-part="sweep"></tbody></table>
  </div>
  <div class="moving-result nms-result" role="status" aria-live="polite"></div>`;

const round = (value) => value.toFixed(2);
const WORDS = { right: "right", twice: "a bag twice", nothing: "on no bag" };
const BAG = "M0 2.2H8V6.2Q8 7 7.2 7H.8Q0 7 0 6.2zM2 2.2V1.4Q2 0 4 0T6 1.4V2.2"; // in a box of 8 by 7

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const control = (name) => el.querySelector(`[data-set="${name}"]`);
  let touched = false; // before anything is tried, the question stands instead of the answer
  const first = Object.fromEntries(["boxes", "objects", "threshold", "moved"].map((name) => [name, model.get(name)]));

  function drawPicture(boxes, objects, found, words) {
    const moved = model.get("moved");
    const ticks = Array.from({ length: WIDE / 4 + 1 }, (_, n) => 4 * n);
    const grid = [
      ...Array.from({ length: WIDE + 1 }, (_, n) => `<line x1="${n}" y1="0" x2="${n}" y2="${HIGH}"/>`),
      ...Array.from({ length: HIGH + 1 }, (_, n) => `<line x1="0" y1="${n}" x2="${WIDE}" y2="${n}"/>`),
      ...ticks.map((n) => `<text class="nms-tick" x="${n}" y="${HIGH + 0.85}">${n}</text>`),
      ...ticks.filter((n) => n <= HIGH).map((n) => `<text class="nms-tick" x="-0.7" y="${n}">${n}</text>`),
    ];
    const bags = objects.map(([x, y], n) =>
      `<path class="nms-bag"${n ? ' data-box="bag"' : ""} transform="translate(${x} ${y})" d="${BAG}"/>`);
    const inOrder = boxes.map((_, n) => n).sort((a, b) => found[a].kept - found[b].kept || b - a);
    const frames = inOrder.map((n) => {
      const [x1, y1, x2, y2] = boxes[n];
      const kind = found[n].kept ? (words[n] === "right" ? "nms-right" : "nms-wrong") : "nms-struck";
      const [right, low] = CORNERS[n];
      const [x, y] = [x1 + (x2 - x1 - 1.5) * right, y1 + (y2 - y1 - 1.3) * low];
      const chosen = String(n) === moved || (moved === "bag" && FOLLOWING.includes(n));
      const group = (inner) => `<g class="${kind}${chosen ? " nms-moved" : ""}" data-box="${n}">${inner}</g>`;
      const frame = (name) => `<rect class="${name}" x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}"/>`;
      const strike = found[n].kept ? "" : `<path class="nms-strike" d="M${x} ${y + 0.65}h1.5"/>`;
      const name = `<rect class="nms-name" x="${x}" y="${y}" width="1.5" height="1.3"/>`
        + `<text x="${x + 0.75}" y="${y + 0.7}">${NAMES[n]}</text>`;
      return { frame: group(frame("nms-frame") + frame("nms-hold")), name: group(name + strike) };
    });
    const said = boxes.map((box, n) => `${NAMES[n]} from ${box[0]}, ${box[1]} to ${box[2]}, ${box[3]}: `
      + `${found[n].kept ? `kept, ${WORDS[words[n]]}` : `struck out by ${NAMES[found[n].rival]}`}`).join("; ");
    part("picture").innerHTML = `<svg viewBox="-1.6 -0.7 ${WIDE + 2.4} ${HIGH + 2.2}" role="img"
      aria-label="Two bags and five boxes. ${said}"><g class="nms-grid">${grid.join("")}</g>${bags.join("")}
      ${frames.map(({ frame }) => frame).join("")}${frames.map(({ name }) => name).join("")}</svg>`;
  }

  function drawSweep(sums, threshold) {
    const row = (name, cell) => `<tr><th scope="row">${name}</th>${THRESHOLDS.map((each, n) =>
      `<td class="${each === threshold ? "moving-framed" : ""}"${cell(n)}</td>`).join("")}</tr>`;
    const count = (name, sign) => row(name, (n) => (touched || THRESHOLDS[n] === threshold
      ? ` data-level="${sign * Math.min(sums[n][name], 3)}">${sums[n][name]}` : ">?"));
    const scale = row("threshold", (n) => `>${String(THRESHOLDS[n]).slice(1)}`);
    part("sweep").innerHTML = scale + count("right", 1) + count("wrong", -1);
  }

  /** Write out the overlap that decides about the box which is moved; of the bag's boxes that is C. */
  function decisive(boxes, objects, found, threshold) {
    const n = model.get("moved") === "bag" ? 2 : Number(model.get("moved"));
    const { kept, rival } = found[n];
    const near = objects.map((object) => overlap(boxes[n], object).iou);
    const bag = near.indexOf(Math.max(...near));
    const other = rival === null ? objects[bag] : boxes[rival];
    const { across, down, shared, first: a, second: b, union, iou } = overlap(boxes[n], other);
    const whom = rival === null ? `the ${bag ? "right" : "left"} bag` : NAMES[rival];
    const verdict = kept ? `, not more than ${threshold}: ${NAMES[n]} stays` : `, more than ${threshold}: ${NAMES[n]} falls`;
    return `${NAMES[n]} and ${whom} share ${across} · ${down} = ${shared} of ${a} + ${b} − ${shared} = ${union}.`
      + ` IoU ${round(iou)}${rival === null ? "" : verdict}.`;
  }

  /** Look through the other thresholds for what is surprising. */
  function bet(boxes, objects, found, threshold) {
    if (!touched) return "Up or down with the threshold, to get the right bag back?";
    const all = THRESHOLDS.map((each) => outcome(boxes, objects, each));
    const good = THRESHOLDS.filter((_, n) => all[n].right === 2 && !all[n].wrong);
    const lower = THRESHOLDS.filter((each) => each < threshold).reverse();
    for (const [n, { kept, rival }] of found.entries()) {
      const back = kept ? undefined : lower.find((each) => suppress(boxes, each)[n].kept);
      if (back && !suppress(boxes, back)[rival].kept) {
        return `<strong>${NAMES[n]} comes back at the lower threshold ${back}</strong>:`
          + ` there ${NAMES[rival]} has fallen itself and strikes out nobody.`;
      }
    }
    if (!good.length) {
      return "<strong>No threshold at all finds both bags once each</strong>: what strikes out copies strikes out the neighbour.";
    }
    return `Both bags, once each: at ${good.length > 1 ? good.join(", ") : `${good[0]} only`}.`;
  }

  function draw() {
    const [boxes, objects, threshold] = [model.get("boxes"), model.get("objects"), model.get("threshold")];
    const found = suppress(boxes, threshold);
    const kept = boxes.map((_, n) => n).filter((n) => found[n].kept);
    const words = Object.fromEntries(verdicts(kept.map((n) => boxes[n]), objects).map((word, n) => [kept[n], word]));
    control("threshold").value = threshold;
    control("moved").value = model.get("moved");
    part("threshold").textContent = threshold;
    drawPicture(boxes, objects, found, words);
    part("list").innerHTML = found.map(({ kept: stays, rival, iou }, n) => {
      const kind = stays ? (words[n] === "right" ? "nms-good" : "nms-bad") : "nms-gone";
      const over = rival === null ? "first" : `${round(iou)}, ${NAMES[rival]}`;
      return `<tr><th scope="row">${NAMES[n]}, ${SCORES[n]}</th><td>${over}</td>
        <td class="${kind}">${stays ? WORDS[words[n]] : `falls to ${NAMES[rival]}`}</td></tr>`;
    }).join("");
    drawSweep(THRESHOLDS.map((each) => outcome(boxes, objects, each)), threshold);
    const { right, wrong } = outcome(boxes, objects, threshold);
    const share = `Precision ${right}/${kept.length}, recall ${right}/2.`;
    el.querySelector(".moving-result").innerHTML = `<p class="moving-sum">${decisive(boxes, objects, found, threshold)}</p>
      <p>${share} ${bet(boxes, objects, found, threshold)}</p>`;
  }

  function move(which, [across, down]) {
    const shift = ([x1, y1, x2, y2]) => [x1 + across, y1 + down, x2 + across, y2 + down];
    const inside = ([x1, y1, x2, y2]) => x1 >= 0 && y1 >= 0 && x2 <= WIDE && y2 <= HIGH;
    const moves = (n) => (which === "bag" ? FOLLOWING.includes(n) : n === Number(which));
    const boxes = model.get("boxes").map((box, n) => (moves(n) ? shift(box) : box));
    const objects = model.get("objects").map((box, n) => (which === "bag" && n === 1 ? shift(box) : box));
    if (![...boxes, ...objects].every(inside)) return;
    touched = true;
    model.set({ boxes, objects });
  }

  el.addEventListener("input", ({ target }) => {
    touched = true;
    if (target.dataset.set === "threshold") model.set("threshold", Math.round(10 * target.valueAsNumber) / 10);
    if (target.dataset.set === "moved") model.set("moved", target.value);
  });
  el.addEventListener("click", ({ target }) => {
    if (target.dataset.key) move(model.get("moved"), STEPS[target.dataset.key]);
    if (target.dataset.do === "reset") model.set(first);
  });
  el.querySelector(".nms-pad").addEventListener("keydown", (event) => {
    if (!STEPS[event.key]) return;
    event.preventDefault();
    move(model.get("moved"), STEPS[event.key]);
  });
  let drag = null; // where the pointer was when it last moved something
  const place = (event) => {
    const { left, width } = part("picture").firstChild.getBoundingClientRect();
    return [event.clientX, event.clientY].map((each) => each * ((WIDE + 2.4) / width));
  };
  part("picture").addEventListener("pointerdown", (event) => {
    const box = event.target.closest("[data-box]");
    if (!box) return;
    part("picture").setPointerCapture(event.pointerId);
    model.set("moved", box.dataset.box);
    drag = place(event);
  });
  part("picture").addEventListener("pointermove", (event) => {
    if (!drag) return;
    const steps = place(event).map((each, axis) => Math.round(each - drag[axis]));
    if (steps[0] || steps[1]) {
      move(model.get("moved"), steps);
      drag = drag.map((each, axis) => each + steps[axis]);
    }
  });
  ["pointerup", "pointercancel"].forEach((each) => part("picture").addEventListener(each, () => { drag = null; }));
  model.on("change", draw);
  draw();
}

export default { render };
