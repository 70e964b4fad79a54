/* Gives the report-an-error links the section in view and the words that are marked, when they are followed. */
document.addEventListener("DOMContentLoaded", () => {
  for (const link of document.querySelectorAll('a[href*="/issues/new?"]')) {
    const plain = link.href;
    const complete = () => (link.href = withPlace(plain));
    ["pointerdown", "focus"].forEach((event) => link.addEventListener(event, complete));
  }

  function withPlace(address) {
    const marked = String(getSelection()).trim().slice(0, 300);
    const heading = [...document.querySelectorAll(".bd-article :is(h1, h2, h3)")]
      .filter((each) => each.getBoundingClientRect().top < innerHeight / 2)
      .at(-1);
    const section = heading?.closest("section");
    const title = (heading?.textContent ?? "").replace(/#$/, "").trim();
    const place = section?.id ? `${title} (#${section.id})` : title;
    const url = new URL(address);
    const field = ["body", "issue[description]"].find((each) => url.searchParams.has(each));
    if (!field) return address;
    const quoted = marked ? `\n> ${marked.replace(/\s+/g, " ")}\n` : "";
    const body = url.searchParams.get(field).replace("Section: \n", `Section: ${place}\n${quoted}`);
    url.searchParams.set(field, body);
    return url.href;
  }
});
