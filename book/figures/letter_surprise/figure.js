/* An n-gram of letters reads a word: what each letter costs in bits, and what more context does to words old and new. */

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz}"]; // the last one marks the end of a word

/** Count what follows a context: occurrences where it is a full one, else different letters to its left (Kneser and Ney). */
export function after(words, context, memory) {
  const full = context.length === memory || context.startsWith("{");
  const found = new Map(LETTERS.map((letter) => [letter, []]));
  for (const text of words.map((word) => `{${word}}`)) {
    for (let at = Math.max(context.length, 1); at < text.length; at++) {
      if (text.startsWith(context, at - context.length)) found.get(text[at]).push(text[at - context.length - 1]);
    }
  }
  return LETTERS.map((letter) => (full ? found.get(letter).length : new Set(found.get(letter)).size));
}

/** Mix the counts of ever longer contexts; each hands its discount on to the shorter one, which decides alone if it is unseen. */
export function spread(words, past, memory, discount) {
  let p = LETTERS.map(() => 1 / LETTERS.length);
  for (let length = 0; length <= Math.min(memory, past.length); length++) {
    const counts = after(words, past.slice(past.length - length), memory);
    const total = counts.reduce((sum, each) => sum + each, 0);
    const kinds = counts.filter(Boolean).length;
    if (total) p = p.map((shorter, n) => (Math.max(counts[n] - discount, 0) + discount * kinds * shorter) / total);
  }
  return p;
}

/** What every letter of a word costs, its end included; an impossible one costs infinitely much. */
export function bits(words, word, memory, discount) {
  const text = `{${word}}`;
  return [...text].slice(1).map((letter, n) =>
    -Math.log2(spread(words, text.slice(0, n + 1), memory, discount)[LETTERS.indexOf(letter)]));
}

export function perplexity(words, read, memory, discount) {
  const costs = read.flatMap((word) => bits(words, word, memory, discount));
  return 2 ** (costs.reduce((sum, each) => sum + each, 0) / costs.length);
}

const DISCOUNT = 0.75;
const MOST = 11; // letters of a word, so that its bars fit on a phone
const MEMORIES = [0, 1, 2, 3, 4];
const MARKUP = `
  <div class="moving-bar">
    <label>Word <input type="text" class="spell-word" data-set="word" maxlength="${MOST}" spellcheck="false"
      autocapitalize="off" autocomplete="off"></label>
    <label class="moving-slider">Letters remembered
      <input type="range" min="0" max="4" step="1" data-set="memory">
      <output class="spell-count" data-part="memory"></output></label>
    <label><input type="checkbox" data-part="discount"> Discount D = 0.75</label>
  </div>
  <p class="moving-name">Bits of surprise; } is the end</p>
  <div class="spell-bars" data-part="bars"></div>
  <div class="moving-row spell-tables">
    <div><p class="moving-name" data-part="asked"></p><ol class="spell-next" data-part="next"></ol></div>
    <table class="moving-table"><caption>Perplexity by memory; ← is lowest</caption>
      <thead><tr><th scope="col">Memory</th><th scope="col">Keywords</th><th scope="col">Your word</th></tr></thead>
      <tbody data-part="table"></tbody></table>
  </div>
  <p class="moving-sum spell-sum" data-part="sum"></p>
  <div class="moving-result" role="status" aria-live="polite"></div>`;

const written = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(value < 99 ? digits : 0) : "∞");
const named = (letter) => (letter === "}" ? "end" : letter); // for the ear

function render({ model, el }) {
  el.innerHTML = MARKUP;
  const part = (name) => el.querySelector(`[data-part="${name}"]`);
  const control = (name) => el.querySelector(`[data-set="${name}"]`);
  const words = model.get("words");
  const learned = {}; // the keywords' perplexities, by discount
  const keywords = (discount) => (learned[discount] ??= MEMORIES.map((memory) => perplexity(words, words, memory, discount)));
  for (const name of ["word", "memory"]) control(name).value = model.get(name);
  part("discount").checked = model.get("discount") > 0;

  function drawBars(text, costs, chosen) {
    const held = part("bars").contains(document.activeElement);
    part("bars").innerHTML = costs.map((cost, n) => {
      const never = cost === Infinity;
      return `<button type="button" data-at="${n}" aria-pressed="${n === chosen}"
        aria-label="${named(text[n])}, ${never ? "impossible" : `${written(cost)} bits`}"><span>${written(cost, 1)}</span>
        <span class="spell-bar${never ? " spell-never" : ""}" style="height: ${0.5 * Math.min(cost, 10) + 0.1}rem"></span>
        <b>${text[n]}</b></button>`;
    }).join("");
    if (held) part("bars").children[chosen].focus();
  }

  /** Show the likeliest next letters, and with them the one that came. */
  function drawNext(past, letter, p) {
    const order = LETTERS.map((each, n) => [each, p[n]]).sort((a, b) => b[1] - a[1]);
    const place = order.findIndex(([each]) => each === letter);
    const shown = place < 5 ? order.slice(0, 5) : [...order.slice(0, 4), order[place]];
    const memory = model.get("memory");
    part("asked").textContent = `After ${past}, remembering ${memory ? past.slice(-memory) : "nothing"}`;
    part("next").innerHTML = shown.map(([each, chance]) => `<li${each === letter ? ' class="spell-came"' : ""}><b>${each}</b>
      <span class="spell-track"><span style="width: ${100 * chance}%"></span></span>${(100 * chance).toFixed(1)}%</li>`).join("");
  }

  /** Write the probability of a letter as the chapter's formula has it. */
  function sumOf(past, letter, p) {
    const [memory, discount] = [model.get("memory"), model.get("discount")];
    const context = past.slice(Math.max(past.length - memory, 0));
    const counts = after(words, context, memory);
    const total = counts.reduce((sum, each) => sum + each, 0);
    const at = LETTERS.indexOf(letter);
    const [count, whole] = [counts[at], p[at]];
    const name = `P(${letter} | ${context || "nothing"})`;
    if (!total) {
      const seen = [...context].map((_, n) => context.slice(n)).find((each) => after(words, each, memory).some(Boolean));
      const decides = seen ? `the shorter ${seen}` : "no context";
      return `${name} = ${whole.toFixed(4)}: no keyword has ${context}, so ${decides} decides`;
    }
    const share = (discount * counts.filter(Boolean).length) / total;
    const shorter = (whole - Math.max(count - discount, 0) / total) / share;
    const rest = share ? ` + ${share.toFixed(2)} · ${context ? shorter.toFixed(4) : "1/27"}` : "";
    return `${name} = max(${count} − ${discount}, 0) / ${total}${rest} = ${whole.toFixed(4)}`;
  }

  function describe(word, costs, own, best) {
    const total = costs.reduce((sum, each) => sum + each, 0);
    if (!Number.isFinite(total)) {
      const letter = `${word}}`[costs.indexOf(Infinity)];
      return `<p>Perplexity <strong>infinite</strong>. No keyword has “${letter}” after what is remembered there, so p = 0;`
        + " one such letter spoils any text, however well all others are guessed. Hence the discount.</p>";
    }
    const lesson = words.includes(word)
      ? "It has counted this very word, so each letter of memory makes it cheaper: recall, and no skill."
      : best === MEMORIES.at(-1) ? "This word is no keyword, but it shares long pieces with some, so that memory pays here too."
        : `Memory makes keywords ever cheaper; this word is cheapest with ${best}. Its longer contexts were hardly ever counted.`;
    const power = `2<sup>${written(total, 1)} / ${costs.length}</sup>`;
    return `<p><strong>${written(total, 1)} bits</strong> for ${costs.length} characters: perplexity ${power}`
      + ` = <strong>${written(own[model.get("memory")])}</strong>. ${lesson}</p>`;
  }

  function draw() {
    const [word, memory, discount] = ["word", "memory", "discount"].map((name) => model.get(name));
    const text = `{${word}}`;
    const chosen = Math.min(model.get("chosen"), word.length);
    const costs = bits(words, word, memory, discount);
    const own = MEMORIES.map((each) => perplexity(words, [word], each, discount));
    const best = own.indexOf(Math.min(...own));
    const past = text.slice(0, chosen + 1);
    const p = spread(words, past, memory, discount);
    part("memory").textContent = memory;
    drawBars(text.slice(1), costs, chosen);
    drawNext(past, text[chosen + 1], p);
    part("sum").textContent = sumOf(past, text[chosen + 1], p);
    part("table").innerHTML = MEMORIES.map((each) => {
      const lowest = each === best && Number.isFinite(own[each]) ? " ←" : "";
      return `<tr${each === memory ? ' class="spell-now"' : ""}><th scope="row">${each}</th>
        <td>${written(keywords(discount)[each])}</td><td>${written(own[each])}${lowest}</td></tr>`;
    }).join("");
    say(describe(word, costs, own, best));
  }

  function say(sentence, verdict = "") {
    const result = el.querySelector(".moving-result");
    result.dataset.verdict = verdict;
    result.innerHTML = sentence;
  }

  el.addEventListener("input", ({ target }) => {
    const value = target.value.toLowerCase();
    if (target === part("discount")) model.set("discount", target.checked ? DISCOUNT : 0);
    else if (target.dataset.set === "memory") model.set("memory", Number(value));
    else if (/^[a-z]+$/.test(value)) {
      model.set({ word: value, chosen: Math.min(model.get("chosen"), value.length) });
      draw(); // also where the word is the one that was, after a wrong one
    } else say(`<p>A word has letters from a to z here, at least one. Shown is still “${model.get("word")}”.</p>`, "wrong");
  });
  el.addEventListener("focusout", ({ target }) => {
    if (target.dataset.set === "word") target.value = model.get("word");
  });
  el.addEventListener("click", ({ target }) => {
    const bar = target.closest("[data-at]");
    if (bar) model.set("chosen", Number(bar.dataset.at));
  });
  model.on("change", draw);
  draw();
}

export default { render };
