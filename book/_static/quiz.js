/* Turns each question of a {quiz} into: choose, check, read the feedback. Without this script every answer keeps its
   <details>. Choosing alone reveals nothing, so that the arrow keys can walk through the answers. */
document.documentElement.classList.add("has-script");

document.addEventListener("DOMContentLoaded", () => {
  for (const quiz of document.querySelectorAll(".quiz")) {
    const questions = [...quiz.querySelectorAll(".quiz-question")];
    const firstTries = new Map();
    questions.forEach((question) => prepare(question, (right) => {
      if (!firstTries.has(question)) firstTries.set(question, right);
      if (firstTries.size < questions.length) return;
      const won = [...firstTries.values()].filter(Boolean).length;
      quiz.querySelector(".quiz-score").textContent =
        `${won} of ${questions.length} right at the first try.`;
    }));
  }

  function prepare(question, report) {
    const result = question.querySelector(".quiz-result");
    const answers = [...question.querySelectorAll(".quiz-answer")];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiz-check";
    button.textContent = "Check";
    result.before(button);
    const clear = () => {
      result.replaceChildren();
      delete result.dataset.verdict;
      answers.forEach((answer) => answer.classList.remove("quiz-chosen"));
    };
    const check = () => {
      const chosen = answers.find((answer) => answer.querySelector("input").checked);
      clear();
      if (!chosen) {
        result.textContent = "Choose an answer first.";
        return;
      }
      const feedback = chosen.querySelector(".quiz-feedback").cloneNode(true);
      chosen.classList.add("quiz-chosen");
      result.dataset.verdict = chosen.dataset.verdict;
      result.append(feedback);
      report(chosen.dataset.verdict === "right");
    };
    button.addEventListener("click", check);
    question.addEventListener("change", clear);
    question.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input")) {
        event.preventDefault();
        check();
      }
    });
  }
});
