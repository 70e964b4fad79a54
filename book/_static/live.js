/* Puts an editor with Run, Stop and Reset in the place of every live cell's code. Python starts at the first Run, in a worker;
   Stop ends that worker. The cells of a page share one namespace; edits are kept in this browser. Without this script, or
   without the cell's data, the recorded code and output stay as they are. */
document.addEventListener("DOMContentLoaded", () => {
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const words = {
    starting: "Starting Python: about 9 MB, once…",
    numpy: "Loading NumPy…",
    running: "Running…",
  };
  const cells = new Map();
  const finished = new Set(); // cells whose names are in the worker's namespace
  let worker; // with Python in it, from the first run on
  let waiting; // for its answer
  let ended = false;
  let count = 0;

  for (const script of document.querySelectorAll("script.live-data")) {
    const cell = new LiveCell(JSON.parse(script.textContent), script.closest("div.cell"));
    cells.set(cell.data.cell, cell);
  }

  /* ---- Python ---- */

  async function send(code, listen) {
    if (!worker) {
      if (location.protocol === "file:") throw new Error("this page was opened as a file; open the book with: make serve");
      const answer = await fetch(new URL("live/about.json", root), { cache: "no-cache" });
      if (!answer.ok) throw new Error("Python is not part of this copy of the book");
      const about = await answer.json();
      if (ended) throw new Error("stopped");
      worker = new Worker(new URL(`live/worker.js?v=${about.digest}`, root));
      worker.about = about;
      worker.onerror = (event) => waiting?.fail(new Error(event.message || "Python could not be loaded"));
      worker.onmessage = ({ data }) => waiting?.id === data.id && waiting.listen(data);
    }
    return new Promise((resolve, fail) => {
      const id = ++count;
      const settle = (message) => {
        if (message.state === "failed") fail(new Error(message.error));
        else if (message.state === "done") resolve(message);
        else listen(message);
      };
      waiting = { id, fail, listen: settle };
      worker.postMessage({ id, code, about: worker.about });
    });
  }

  function end(reason) {
    ended = true;
    worker?.terminate();
    worker = undefined;
    finished.clear();
    waiting?.fail(new Error(reason));
    waiting = undefined;
  }

  /* Runs a cell after the live cells above it whose names it needs. */
  async function run(cell) {
    const busy = [...cells.values()].find((each) => each.running);
    if (busy) {
      cell.say("Another cell is running; stop it first, or wait for it.");
      return;
    }
    ended = false;
    cell.start();
    try {
      const result = (await prepare(cell, cell)) && (await once(cell, cell));
      if (result) cell.finish(`Done in ${duration(result.milliseconds)}.`);
      else cell.finish("Stopped by the error shown below its cell.", true);
    } catch (problem) {
      if (problem.message !== "stopped") end("failed");
      const stopped = "Stopped. Python and its variables are gone; Run starts it again.";
      cell.finish(problem.message === "stopped" ? stopped : `Python could not run: ${problem.message}.`, true);
    }
  }

  async function prepare(cell, teller) {
    for (const needed of cell.data.needs.map((index) => cells.get(index))) {
      if (finished.has(needed)) continue;
      if (!(await prepare(needed, teller)) || !(await once(needed, teller))) return false;
    }
    return true;
  }

  async function once(cell, teller) {
    cell.clear();
    const listen = (message) => {
      if (message.text) cell.print(message.text);
      else if (message.state === "packages") teller.say(`Loading ${message.names.join(", ")}…`);
      else teller.say(cell === teller ? words[message.state] : "Running a cell above first…");
    };
    if (cell.data.setup) {
      const ready = await send(cell.data.setup, (message) => message.state !== "running" && !message.text && listen(message));
      if (ready.error) throw new Error(`what this cell needs has an error (${ready.error})`);
    }
    const result = await send(cell.text(), listen);
    cell.show(result);
    if (result.error) return undefined;
    finished.add(cell);
    return result;
  }

  function duration(milliseconds) {
    return milliseconds < 995 ? `${Math.max(1, Math.round(milliseconds))} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
  }

  /* ---- one cell ---- */

  function LiveCell(data, element) {
    const number = cells.size + 1;
    const input = element.querySelector(".cell_input");
    const recorded = element.querySelector(".cell_output");
    const key = `live:${location.pathname}:${number}`;
    const make = (name, properties = {}, ...children) => {
      const made = Object.assign(document.createElement(name), properties);
      made.append(...children);
      return made;
    };
    const button = (text, kind) => make("button", { type: "button", className: `live-button live-${kind}`, textContent: text });

    const area = make("textarea", { className: "live-area", value: stored() ?? data.code, rows: 1, wrap: "off" });
    area.spellcheck = false;
    area.setAttribute("aria-label", `Code of live cell ${number}`);
    for (const name of ["autocapitalize", "autocomplete", "autocorrect"]) area.setAttribute(name, "off");
    const colours = make("pre", { className: "live-colours" });
    colours.setAttribute("aria-hidden", "true");
    const editor = make("div", { className: "live-editor" }, colours, area);
    setTimeout(() => editor.classList.add("highlight")); // after the copy buttons have found theirs
    const runs = button("Run", "run");
    const stops = button("Stop", "stop");
    const resets = button("Reset", "reset");
    stops.hidden = true;
    const status = make("span", { className: "live-status" });
    status.setAttribute("role", "status");
    const hint = make("span", { className: "live-hint", id: `live-hint-${number}` });
    hint.textContent = "Shift + Enter runs, Escape leaves";
    area.setAttribute("aria-describedby", hint.id);
    const bar = make("div", { className: "live-bar" }, runs, stops, resets, hint, status);
    const output = make("div", { className: "live-output" });
    output.hidden = true;
    input.classList.add("live-recorded");
    input.after(make("div", { className: "live-input" }, editor, bar));
    (recorded ?? element.querySelector(".live-input")).after(output);
    element.classList.add("live-cell");
    colour();

    this.data = data;
    this.running = false;
    this.text = () => area.value;
    this.say = (text) => (status.textContent = text);
    this.start = () => {
      this.running = true;
      runs.disabled = true;
      stops.hidden = false;
      if (document.activeElement === runs || document.activeElement === document.body) stops.focus();
      this.say(worker ? words.running : words.starting);
    };
    this.finish = (text, trouble = false) => {
      this.running = false;
      const focused = document.activeElement === stops;
      runs.disabled = false;
      stops.hidden = true;
      if (focused) runs.focus();
      status.dataset.trouble = trouble ? "yes" : "no";
      this.say(text);
      sync();
    };
    this.clear = () => {
      output.replaceChildren();
      output.hidden = false;
      if (recorded) recorded.classList.add("live-recorded");
    };
    this.print = (text) => {
      let last = output.lastElementChild;
      if (!last?.matches(".live-text")) {
        last = make("pre", { className: "live-text" });
        output.append(last);
      }
      last.append(text);
    };
    this.show = ({ error, pictures }) => {
      for (const [kind, content, description] of pictures) output.append(picture(kind, content, description));
      if (error) output.append(make("pre", { className: "live-text live-error", textContent: error }));
      const silent = make("p", { className: "live-none", textContent: "It ran, and printed nothing." });
      if (!output.children.length) output.append(silent);
      for (const text of output.querySelectorAll(".live-text")) {
        if (text.scrollWidth <= text.clientWidth) continue;
        text.tabIndex = 0;
        text.setAttribute("role", "region");
        text.setAttribute("aria-label", `Output of live cell ${number}`);
      }
      sync();
    };

    runs.addEventListener("click", () => run(this));
    stops.addEventListener("click", () => end("stopped"));
    resets.addEventListener("click", () => {
      area.value = data.code;
      changed();
      output.hidden = true;
      recorded?.classList.remove("live-recorded");
      this.say("The original code and its recorded output are back.");
      status.dataset.trouble = "no";
      sync();
      runs.focus();
    });
    area.addEventListener("input", changed);
    area.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.shiftKey || event.metaKey)) {
        event.preventDefault();
        run(this);
      } else if (event.key === "Enter") {
        event.preventDefault();
        indent();
      } else if (event.key === "Escape") {
        runs.focus();
      }
    });
    sync();

    function changed() {
      finished.clear(); // what needs this cell shall see its new names
      colour();
      sync();
      try {
        if (area.value === data.code) localStorage.removeItem(key);
        else localStorage.setItem(key, JSON.stringify({ of: data.code, text: area.value }));
      } catch {
        // no storage here: the edit lasts as long as the page
      }
    }

    function stored() {
      try {
        const kept = JSON.parse(localStorage.getItem(key));
        if (kept?.of === data.code) return kept.text;
        localStorage.removeItem(key); // it belonged to an earlier version of this chapter
      } catch {
        // nothing kept, or no storage
      }
      return undefined;
    }

    function sync() {
      resets.disabled = area.value === data.code && output.hidden;
    }

    function colour() {
      colours.replaceChildren(...coloured(area.value), "\n");
    }

    /* A new line starts under the last one's first word, and deeper after a colon. */
    function indent() {
      const line = area.value.slice(0, area.selectionStart).split("\n").at(-1);
      const deeper = /:\s*(#.*)?$/.test(line) ? "    " : "";
      const text = `\n${line.match(/^ */)[0]}${deeper}`;
      if (!document.execCommand("insertText", false, text)) {
        area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
        changed();
      }
    }
  }

  /* ---- pictures and colours ---- */

  function picture(kind, content, description) {
    if (kind === "png") {
      const image = new Image();
      image.src = `data:image/png;base64,${content}`;
      image.alt = description;
      return image;
    }
    const [height, width, data] = content.split(",");
    const canvas = Object.assign(document.createElement("canvas"), { width, height, className: "live-picture" });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", description);
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const context = canvas.getContext("2d");
    const pixels = context.createImageData(canvas.width, canvas.height);
    bytes.forEach((value, at) => pixels.data.set(kind === "grey" ? [value, value, value, 255] : diverging(value), 4 * at));
    context.putImageData(pixels, 0, 0);
    const scale = Math.max(1, Math.floor(280 / Math.max(width, height)));
    canvas.style.width = `${width * scale}px`;
    return canvas;
  }

  /* Orange below zero, white at it, violet above: the scale of the moving figures. */
  function diverging(value) {
    const share = (value - 127.5) / 127.5;
    const far = share < 0 ? [179, 88, 6] : [84, 39, 136];
    return [...far.map((each) => 255 + (each - 255) * Math.abs(share)), 255];
  }

  function coloured(text) {
    const kinds = [
      ["c1", /#[^\n]*/],
      ["s2", /[rRbBfFuU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)/],
      ["mi", /\b\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?\b/],
      [
        "k",
        new RegExp(
          "\\b(?:False|None|True|and|as|assert|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|" +
            "import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield)\\b",
        ),
      ],
      ["nb", /\b(?:abs|all|any|dict|enumerate|float|int|len|list|max|min|print|range|round|set|sorted|str|sum|tuple|zip)\b/],
      [undefined, /\b[A-Za-z_]\w*/],
      ["o", /[-+*/%@=<>!&|^~]+/],
    ];
    const every = new RegExp(kinds.map(([, pattern]) => `(${pattern.source})`).join("|"), "g");
    const parts = [];
    let at = 0;
    for (const match of text.matchAll(every)) {
      parts.push(text.slice(at, match.index));
      const kind = kinds[match.slice(1).findIndex((group) => group !== undefined)][0];
      const part = document.createElement("span");
      part.textContent = match[0];
      if (kind) part.className = kind;
      parts.push(kind ? part : match[0]);
      at = match.index + match[0].length;
    }
    parts.push(text.slice(at));
    return parts;
  }
});
