/* Python for one page: a Web Worker that starts Pyodide with NumPy and cs_cnn, and runs the cells it is sent. Everything comes
   from this site. The page ends a run that takes too long by ending the whole worker. */
let python;

onmessage = async ({ data: { id, code, about } }) => {
  const tell = (message) => postMessage({ id, ...message });
  try {
    python ??= start(about, tell);
    const { pyodide, run } = await python;
    await loadImported(pyodide, code, about, tell);
    tell({ state: "running" });
    const began = performance.now();
    const result = run(code, (text) => tell({ text }));
    const [error, pictures] = result.toJs({ create_pyproxies: false });
    result.destroy();
    tell({ state: "done", error, pictures, milliseconds: performance.now() - began });
  } catch (problem) {
    python = undefined;
    tell({ state: "failed", error: String(problem.message ?? problem) });
  }
};

async function start(about, tell) {
  tell({ state: "starting" });
  importScripts("pyodide/pyodide.js");
  const pyodide = await loadPyodide({ indexURL: new URL("pyodide/", location.href).href });
  tell({ state: "numpy" });
  await pyodide.loadPackage(["numpy"], { messageCallback() {} });
  const [library, runner] = await Promise.all([
    get(`cs_cnn.zip?v=${about.digest}`, "arrayBuffer"),
    get(`runner.py?v=${about.digest}`, "text"),
  ]);
  pyodide.unpackArchive(library, "zip");
  pyodide.runPython('import os\nos.environ["MPLBACKEND"] = "AGG"');
  pyodide.runPython(runner);
  return { pyodide, run: pyodide.globals.get("run") };
}

async function get(name, kind) {
  const answer = await fetch(new URL(name, location.href));
  if (!answer.ok) throw new Error(`${name} could not be loaded (${answer.status})`);
  return answer[kind]();
}

/* Loads what a cell imports, if the site has it; for the rest Python raises its own ModuleNotFoundError. */
async function loadImported(pyodide, code, about, tell) {
  let names = [];
  try {
    names = pyodide.pyodide_py.code.find_imports(code).toJs();
  } catch {
    return; // a syntax error, which the run will report
  }
  const wanted = names.filter((name) => about.packages.includes(name) && !(name in pyodide.loadedPackages));
  if (!wanted.length) return;
  tell({ state: "packages", names: wanted });
  await pyodide.loadPackage(wanted, { messageCallback() {} });
}
