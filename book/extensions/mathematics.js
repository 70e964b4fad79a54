/* Sets formulas with MathJax outside a browser. Standard input: {folder, formulas: [[tex, display], ...]}; standard output:
   {css, set: [{html} or {error}, ...]}. The style sheet has the rules of the characters that occur, and of no others. */
"use strict";

const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk));
process.stdin.on("end", async () => {
  const { folder, formulas } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const mathjax = await require(`${folder}/node-main.js`).init({
    loader: { paths: { mathjax: folder }, load: ["input/tex-full", "output/chtml", "a11y/assistive-mml"] },
    tex: {
      packages: { "[-]": ["noerrors", "noundefined"] }, // a wrong formula shall not become red letters
      formatError: (_, error) => {
        throw error;
      },
    },
    chtml: { fontURL: ".", adaptiveCSS: true },
  });
  const adaptor = mathjax.startup.adaptor;
  const set = formulas.map(([tex, display]) => {
    try {
      return { html: adaptor.outerHTML(mathjax.tex2chtml(tex, { display })) };
    } catch (error) {
      return { error: error.message };
    }
  });
  process.stdout.write(JSON.stringify({ css: adaptor.textContent(mathjax.chtmlStylesheet()), set }));
});
