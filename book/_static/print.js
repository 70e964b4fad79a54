/* Prepares a page for paper: light colours, and below each quiz its right answers with their reasons. Solutions are opened
   by sphinx-togglebutton, everything else is done by print.css. */
window.addEventListener("beforeprint", () => {
  const root = document.documentElement;
  if (root.dataset.theme === "dark") {
    root.dataset.theme = "light";
    root.dataset.themeAfterPrint = "dark";
  }
  for (const quiz of document.querySelectorAll(".quiz:not(:has(.quiz-key))")) quiz.append(quizKey(quiz));
});

window.addEventListener("afterprint", () => {
  const root = document.documentElement;
  if (root.dataset.themeAfterPrint) root.dataset.theme = root.dataset.themeAfterPrint;
  delete root.dataset.themeAfterPrint;
  document.querySelectorAll(".quiz-key").forEach((key) => key.remove());
});

function quizKey(quiz) {
  const key = document.createElement("div");
  key.className = "quiz-key";
  const head = document.createElement("strong");
  head.textContent = "Answers";
  const list = document.createElement("ol");
  for (const question of quiz.querySelectorAll(".quiz-question")) {
    const right = question.querySelector('.quiz-answer[data-verdict="right"]');
    const reason = right.querySelector(".quiz-feedback").cloneNode(true);
    reason.querySelector("strong")?.remove(); // "Right."
    reason.querySelectorAll("[id]").forEach((each) => each.removeAttribute("id"));
    const entry = document.createElement("li");
    const letter = document.createElement("strong");
    letter.textContent = `${right.querySelector(".quiz-letter").textContent}. `;
    entry.append(letter, reason);
    list.append(entry);
  }
  key.append(head, list);
  return key;
}
