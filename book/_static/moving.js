/* Gives every {moving} figure its module and a model with anywidget's get, set, on, off and save_changes. The still stays behind
   a button; it is shown at once when the module cannot be loaded. */
document.documentElement.classList.add("has-script");

function movingModel(state) {
  const values = structuredClone(state);
  const listeners = new Map();
  const tell = (event) => [...(listeners.get(event) ?? [])].forEach((each) => each());
  return {
    get: (key) => values[key],
    set(key, value) {
      const changes = typeof key === "string" ? { [key]: value } : key;
      const changed = Object.keys(changes).filter((each) => values[each] !== changes[each]);
      Object.assign(values, changes);
      changed.forEach((each) => tell(`change:${each}`));
      if (changed.length) tell("change");
    },
    save_changes() {},
    on(event, callback) {
      listeners.set(event, [...(listeners.get(event) ?? []), callback]);
    },
    off(event, callback) {
      listeners.set(event, (listeners.get(event) ?? []).filter((each) => callback && each !== callback));
    },
  };
}

document.addEventListener("DOMContentLoaded", () => {
  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  for (const figure of document.querySelectorAll(".moving")) start(figure);

  async function start(figure) {
    const live = figure.querySelector(".moving-live");
    try {
      const { default: widget } = await import(new URL(`_static/figures/${figure.dataset.module}`, root).href);
      await widget.render({ model: movingModel(JSON.parse(figure.dataset.state)), el: live });
      offerStill(figure);
    } catch (error) {
      const sentence = document.createElement("p");
      sentence.textContent = "This figure could not start here; below is its content as it stands on paper.";
      live.replaceChildren(sentence);
      figure.dataset.still = "shown";
      console.warn(`moving figure ${figure.dataset.figure}: ${error}`);
    }
    figure.dataset.ready = "yes";
  }

  function offerStill(figure) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "moving-switch";
    const show = (shown) => {
      figure.dataset.still = shown ? "shown" : "hidden";
      button.setAttribute("aria-expanded", String(shown));
      button.textContent = shown ? "Hide the still" : "Show it as a still";
    };
    button.addEventListener("click", () => show(figure.dataset.still !== "shown"));
    show(false);
    figure.querySelector(".moving-live").append(button);
  }
});
