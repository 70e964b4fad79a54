/* Ticks for the chapters a reader has read, kept in this browser under one key: {"part/chapter": "2026-11-22", ...}.
   Where nothing can be kept (private windows, blocked storage), no part of it is shown: `has-storage` is not set. */
const readingTicks = {
  key: "cs-cnn:read",
  load() {
    try {
      const found = JSON.parse(localStorage.getItem(this.key));
      return found && typeof found === "object" && !Array.isArray(found) ? found : {};
    } catch {
      return {};
    }
  },
  save(ticks) {
    if (Object.keys(ticks).length) localStorage.setItem(this.key, JSON.stringify(ticks));
    else localStorage.removeItem(this.key);
  },
};

try {
  localStorage.setItem(`${readingTicks.key}:probe`, "1");
  localStorage.removeItem(`${readingTicks.key}:probe`);
  document.documentElement.classList.add("has-storage");
} catch {
  /* nothing can be kept, so nothing is offered */
}

document.addEventListener("DOMContentLoaded", () => {
  if (!document.documentElement.classList.contains("has-storage")) return;
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const mark = document.querySelector(".read-mark");
  const overviews = [...document.querySelectorAll(".reading-progress")].map(prepare);
  const chapterOf = (link) => {
    const path = new URL(link.href, location.href).pathname;
    return path.startsWith(root.pathname) ? decodeURI(path.slice(root.pathname.length)).replace(/\.html$/, "") : "";
  };

  mark?.addEventListener("click", () => {
    const ticks = readingTicks.load();
    const page = mark.dataset.page;
    if (ticks[page]) delete ticks[page];
    else ticks[page] = new Date().toISOString().slice(0, 10);
    keep(ticks);
    const count = Object.keys(ticks).length;
    document.querySelector(".read-said").textContent =
      `${ticks[page] ? "Ticked" : "Tick removed"}: ${count} ${count === 1 ? "chapter" : "chapters"} so far`;
  });
  window.addEventListener("storage", (event) => (event.key === readingTicks.key || event.key === null) && show());
  window.addEventListener("pageshow", (event) => event.persisted && show());
  show();

  function keep(ticks) {
    try {
      readingTicks.save(ticks);
    } catch {
      document.querySelectorAll(".read-said").forEach((each) => (each.textContent = "This browser keeps no more."));
    }
    show();
  }

  function show() {
    const ticks = readingTicks.load();
    mark?.setAttribute("aria-pressed", String(Boolean(ticks[mark.dataset.page])));
    overviews.forEach((fill) => fill(ticks));
    for (const link of document.querySelectorAll(".bd-links a.reference.internal, .reading-progress ~ * td a.internal")) {
      const read = Boolean(ticks[chapterOf(link)]);
      link.classList.toggle("is-read", read);
      const words = link.querySelector(".is-read-words");
      if (read && !words) {
        const said = document.createElement("span");
        said.className = "is-read-words";
        said.textContent = " (read)";
        link.append(said);
      } else if (!read) words?.remove();
    }
  }

  function prepare(overview) {
    const chapters = JSON.parse(overview.dataset.chapters);
    const [count, bar, next, clear] = ["count", "bar", "next", "clear"].map((part) =>
      overview.querySelector(`.reading-${part}`),
    );
    let cleared = null;
    clear.addEventListener("click", () => {
      const ticks = cleared ?? {};
      cleared = cleared ? null : readingTicks.load();
      keep(ticks);
    });
    return (ticks) => {
      const done = chapters.filter(([page]) => ticks[page]).length;
      const [page, title] = chapters.find(([each]) => !ticks[each]) ?? [];
      count.textContent = `${done} of ${chapters.length} chapters read`;
      bar.value = done;
      if (done) cleared = null;
      clear.textContent = cleared ? "Take that back" : "Clear my ticks";
      clear.disabled = !done && !cleared;
      if (!page) next.textContent = "You have read them all.";
      else {
        const link = document.createElement("a");
        link.href = new URL(`${page}.html`, root).href;
        link.textContent = title;
        next.replaceChildren(done ? "Next: " : "Begin with: ", link);
      }
    };
  }
});
